package directory

import (
	"testing"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

func TestSeedIsACompany(t *testing.T) {
	f := start(t)
	people, err := Seed(t.Context(), f.db, f.now.read)
	f.must(err)
	if len(people) != 30 || people[0].Name != "沈建国" || !people[0].Active {
		t.Errorf("%d people, the first is %+v", len(people), people[0])
	}
	if got, want := f.outline(), "总经办 财务部 研发中心 .平台组 .应用组 产品设计部 市场销售部 人力行政部"; got != want {
		t.Errorf("departments are %s, want %s", got, want)
	}
	tree, err := f.Tree(t.Context())
	f.must(err)
	if tree.People != 30 || tree.Unassigned != 0 {
		t.Errorf("%d people, %d without a department", tree.People, tree.Unassigned)
	}
	for _, d := range tree.Departments {
		if len(d.Heads) == 0 || d.Total == 0 {
			t.Errorf("%s has %d heads and %d people", d.Name, len(d.Heads), d.Total)
		}
	}
	for query, want := range map[string]string{"szy": "单志远", "yuchi": "尉迟恭礼", "王㛃": "王㛃", "adam": "", "anna": "Anna Müller", "maimaiti": "阿卜杜拉·买买提", "zw": "张伟 张薇", "ys012": "王㛃"} {
		if got := f.names(Filter{Query: query}); got != want {
			t.Errorf("%q finds %q, want %q", query, got, want)
		}
	}

	// What people have changed since stays.
	zhang, err := f.List(t.Context(), Filter{Query: "张伟"}, kernel.PageQuery{})
	f.must(err)
	f.must(f.Move(t.Context(), zhang.Items[0].ID, nil, anyVersion))
	f.must(f.Deactivate(t.Context(), people[20].ID, anyVersion))
	again, err := Seed(t.Context(), f.db, f.now.read)
	f.must(err)
	tree, err = f.Tree(t.Context())
	f.must(err)
	if len(again) != 30 || tree.People != 29 || tree.Unassigned != 1 || again[20].Active {
		t.Errorf("the second run left %d people, %d without a department; %+v", tree.People, tree.Unassigned, again[20])
	}
}
