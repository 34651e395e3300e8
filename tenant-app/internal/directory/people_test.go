package directory

import (
	"errors"
	"strings"
	"testing"
	"time"

	"atrium.dev/atrium/tenant-app/internal/auth"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

func TestPersonIsKeptInNormalForm(t *testing.T) {
	f := start(t)
	made, err := f.Create(t.Context(), Profile{Name: "张　伟", StaffNo: "ＹＦ-００１", Phone: "+86 138-0000-0001", Mail: "Zhang.Wei@Acme.Example", HiredOn: "2021-03-01"}, nil)
	f.must(err)
	if made.Name != "张伟" || made.StaffNo != "YF-001" || made.Phone != "13800000001" || made.Mail != "zhang.wei@acme.example" ||
		made.HiredOn != "2021-03-01" || made.Pinyin != "zhang wei" || made.Initial != "Z" || made.AvatarText != "张伟" || made.Sort != 1000 || made.Revision != 1 {
		t.Errorf("kept as %+v", made)
	}
	for name, c := range map[string]struct {
		profile Profile
		code    string
		field   string
	}{
		"staff number": {Profile{Name: "李", StaffNo: "yf-001"}, "staff_no_taken", "body.staffNo"},
		"phone":        {Profile{Name: "李", Phone: "13800000001"}, "phone_taken", "body.phone"},
		"mail":         {Profile{Name: "李", Mail: "ZHANG.WEI@acme.example"}, "mail_taken", "body.mail"},
		"no name":      {Profile{Name: " "}, "name_invalid", "body.name"},
		"bad phone":    {Profile{Name: "李", Phone: "12"}, "phone_invalid", "body.phone"},
		"bad date":     {Profile{Name: "李", HiredOn: "2021-02-30"}, "date_invalid", "body.hiredOn"},
		"phone as no":  {Profile{Name: "李", StaffNo: "13900000000"}, "staff_no_invalid", "body.staffNo"},
	} {
		_, err := f.Create(t.Context(), c.profile, nil)
		var known *kernel.Error
		if !errors.As(err, &known) || known.Code != c.code || len(known.Fields) != 1 || known.Fields[0].Field != c.field {
			t.Errorf("%s: %v, want %s on %s", name, err, c.code, c.field)
		}
	}
	_, err = f.Create(t.Context(), Profile{Name: "", Phone: "x", Mail: "y"}, nil)
	var known *kernel.Error
	if !errors.As(err, &known) || len(known.Fields) != 3 {
		t.Errorf("three wrong fields give %v", err)
	}
	if got := f.names(Filter{}); got != "张伟" {
		t.Errorf("there is %q, want nobody of those refused", got)
	}
}

func TestSearchUsesWhatIsKnown(t *testing.T) {
	f := start(t)
	rd := f.department("研发中心", kernel.NoID)
	f.person("张伟", "YF-001", rd)
	f.person("张伟民", "YF-002", rd)
	f.person("赵伟", "YF-003")
	f.person("单晓", "YF-004")
	for query, want := range map[string]string{
		"张伟": "张伟 张伟民", "zw": "张伟 张伟民 赵伟", "伟": "张伟 张伟民 赵伟", "shanxiao": "单晓", "yf-003": "赵伟", "%": "", "zhang 民": "张伟民", "民": "张伟民",
	} {
		if got := f.names(Filter{Query: query}); got != want {
			t.Errorf("%q finds %q, want %q", query, got, want)
		}
	}
	if got := f.names(Filter{Query: "zw", Department: rd}); got != "张伟 张伟民" {
		t.Errorf("zw in the department finds %q", got)
	}
	// The index follows a new name.
	page, err := f.List(t.Context(), Filter{Query: "单晓"}, kernel.PageQuery{})
	f.must(err)
	f.must(f.Edit(t.Context(), page.Items[0].ID, anyVersion, func(p Profile) Profile { p.Name = "单小乐"; return p }))
	if got := f.names(Filter{Query: "sxl"}) + "/" + f.names(Filter{Query: "单晓"}); got != "单小乐/" {
		t.Errorf("after the new name: %q", got)
	}
}

func TestListPagesInOrder(t *testing.T) {
	f := start(t)
	rd := f.department("研发中心", kernel.NoID)
	lab := f.department("实验室", rd)
	for i, name := range []string{"张三", "李四", "王五", "赵六", "安七", "李四", "李四"} {
		f.person(name, "N"+string(rune('0'+i)), []kernel.ID{rd, lab}[i%2])
	}
	chief := f.person("郑总", "BOSS", rd)
	f.must(f.Edit(t.Context(), chief, anyVersion, func(p Profile) Profile { p.Sort = 1; return p }))
	want := "郑总 安七 李四 李四 李四 王五 张三 赵六"
	for _, filter := range []Filter{{}, {Department: rd, Below: true}} {
		if got := f.names(filter); got != want {
			t.Errorf("%+v lists %q, want %q", filter, got, want)
		}
	}
	if got := f.names(Filter{Department: lab}); got != "李四 李四 赵六" {
		t.Errorf("the laboratory lists %q", got)
	}
	for _, filter := range []Filter{{}, {Query: "N"}, {Query: "l"}, {Department: rd, Below: true}} {
		whole := f.names(filter)
		var names []string
		cursor := ""
		for range 20 {
			page, err := f.List(t.Context(), filter, kernel.PageQuery{Limit: 2, Cursor: cursor})
			f.must(err)
			for _, p := range page.Items {
				names = append(names, p.Name)
			}
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		if got := strings.Join(names, " "); got != whole || whole == "" {
			t.Errorf("%+v in pages: %q, at once: %q", filter, got, whole)
		}
	}
	for _, cursor := range []string{"x", kernel.EncodeCursor("a", "b", "c"), kernel.EncodeCursor("1", "\x00", kernel.NewID().String()), kernel.EncodeCursor("1", "b"), kernel.EncodeCursor("99999999999", "b", kernel.NewID().String())} {
		_, err := f.List(t.Context(), Filter{}, kernel.PageQuery{Cursor: cursor})
		f.refused(err, "cursor_malformed")
	}
}

func TestMoveKeepsHistory(t *testing.T) {
	f := start(t)
	rd, sales := f.department("研发中心", kernel.NoID), f.department("市场部", kernel.NoID)
	engineer, err := f.CreatePosition(t.Context(), "工程师")
	f.must(err)
	made, err := f.Create(t.Context(), Profile{Name: "张伟", HiredOn: "2021-03-01"}, []Placement{{DepartmentID: rd, PositionID: engineer.ID}})
	f.must(err)
	hired := time.Date(2021, 3, 1, 0, 0, 0, 0, time.UTC)
	if len(made.Posts) != 1 || !made.Posts[0].From.Equal(hired) || made.Posts[0].Position == nil || made.Posts[0].Position.Name != "工程师" || !made.Posts[0].Primary {
		t.Fatalf("posts are %+v", made.Posts)
	}
	f.must(f.Move(t.Context(), made.ID, []Placement{{DepartmentID: sales}, {DepartmentID: rd, PositionID: engineer.ID}}, anyVersion))
	after, err := f.Get(t.Context(), made.ID)
	f.must(err)
	if len(after.Posts) != 2 || after.Posts[0].Department.Name != "市场部" || !after.Posts[0].Primary || after.Posts[1].Primary {
		t.Errorf("posts after the move are %+v", after.Posts)
	}
	if len(after.History) != 1 || !after.History[0].From.Equal(hired) || after.History[0].To == nil || !after.History[0].To.Equal(after.Posts[0].From) {
		t.Errorf("history is %+v, want it to end when the new post began", after.History)
	}
	f.refused(f.Move(t.Context(), made.ID, []Placement{{DepartmentID: rd}, {DepartmentID: rd}}, anyVersion), "department_twice")
	f.refused(f.Move(t.Context(), made.ID, []Placement{{DepartmentID: rd, PositionID: kernel.NewID()}}, anyVersion), "position_unknown")
}

func TestDeactivateAndReturn(t *testing.T) {
	f := start(t)
	rd, sales := f.department("研发中心", kernel.NoID), f.department("市场部", kernel.NoID)
	p := f.person("张伟", "1", rd, sales)
	people := NewPeople(f.db, f.now.read)
	byNumber := func() auth.Person {
		found, err := people.PersonByIdentifier(t.Context(), kernel.Identifiers{StaffNo: "1"})
		f.must(err)
		return found
	}
	if got := byNumber(); got != (auth.Person{ID: p, Name: "张伟", Active: true}) {
		t.Errorf("sign-in finds %+v", got)
	}
	f.must(f.Deactivate(t.Context(), p, anyVersion))
	if ended := f.accounts.(*accounts).ended; len(ended) != 1 || ended[0] != p {
		t.Errorf("sessions ended of %v", ended)
	}
	if byNumber().Active {
		t.Error("someone deactivated may sign in")
	}
	f.refused(f.Deactivate(t.Context(), p, anyVersion), "person_deactivated")
	f.refused(f.Move(t.Context(), p, nil, anyVersion), "person_deactivated")
	if here, gone := f.names(Filter{Department: rd}), f.names(Filter{Department: rd, Deactivated: true}); here != "" || gone != "张伟" {
		t.Errorf("present: %q, gone: %q", here, gone)
	}
	f.must(f.DeleteDepartment(t.Context(), rd, anyVersion)) // nobody is left in it
	f.now.advance(time.Hour)
	f.must(f.Reactivate(t.Context(), p, anyVersion))
	back, err := f.Get(t.Context(), p)
	f.must(err)
	if len(back.Posts) != 1 || back.Posts[0].Department.Name != "市场部" || !back.Posts[0].Primary || back.Status != Active || len(back.History) != 2 {
		t.Errorf("back as %+v", back)
	}
	f.refused(f.Reactivate(t.Context(), p, anyVersion), "person_active")
	f.accounts.(*accounts).stay = p
	f.refused(f.Deactivate(t.Context(), p, anyVersion), "last_administrator")
	self := kernel.WithPrincipal(t.Context(), kernel.Principal{PersonID: p})
	f.refused(f.Deactivate(self, p, anyVersion), "person_is_yourself")
}

func TestManagersFormNoCircle(t *testing.T) {
	f := start(t)
	a, b, c := f.person("甲", "1"), f.person("乙", "2"), f.person("丙", "3")
	led := func(person, manager kernel.ID) error {
		return f.Edit(t.Context(), person, anyVersion, func(p Profile) Profile { p.ManagerID = manager; return p })
	}
	f.must(led(b, a))
	f.must(led(c, b))
	f.refused(led(a, c), "manager_circle")
	f.refused(led(a, a), "manager_circle")
	f.refused(led(a, kernel.NewID()), "person_unknown")
	detail, err := f.Get(t.Context(), b)
	f.must(err)
	if detail.Manager == nil || detail.Manager.Name != "甲" || len(detail.Reports) != 1 || detail.Reports[0].Name != "丙" {
		t.Errorf("manager %+v, reports %+v", detail.Manager, detail.Reports)
	}
	f.must(led(b, kernel.NoID))
	f.must(led(a, c))
}

func TestPositions(t *testing.T) {
	f := start(t)
	rd := f.department("研发中心", kernel.NoID)
	one, err := f.CreatePosition(t.Context(), "工程师")
	f.must(err)
	two, err := f.CreatePosition(t.Context(), "经理")
	f.must(err)
	_, err = f.CreatePosition(t.Context(), "经理")
	f.refused(err, "position_name_taken")
	f.must(f.MovePosition(t.Context(), two.ID, one.ID, anyVersion))
	made, err := f.Create(t.Context(), Profile{Name: "张伟"}, []Placement{{DepartmentID: rd, PositionID: two.ID}})
	f.must(err)
	list, err := f.Positions(t.Context())
	f.must(err)
	if len(list) != 2 || list[0].Name != "经理" || list[0].People != 1 || list[1].People != 0 {
		t.Errorf("positions are %+v", list)
	}
	f.refused(f.DeletePosition(t.Context(), two.ID, anyVersion), "position_held")
	f.must(f.Move(t.Context(), made.ID, nil, anyVersion))
	f.must(f.RenamePosition(t.Context(), two.ID, "总监", anyVersion))
	f.must(f.DeletePosition(t.Context(), two.ID, anyVersion))
	detail, err := f.Get(t.Context(), made.ID)
	f.must(err)
	if len(detail.History) != 1 || detail.History[0].Position.Name != "总监" {
		t.Errorf("history is %+v", detail.History)
	}
}
