package directory

import (
	"context"
	"fmt"
	"slices"

	"atrium.dev/atrium/tenant-app/internal/auth"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
)

// Departments of the company to try things with.
const (
	seedOffice   = "总经办"
	seedRD       = "研发中心"
	seedPlatform = "研发中心/平台组"
	seedApps     = "研发中心/应用组"
	seedProduct  = "产品设计部"
	seedSales    = "市场销售部"
	seedStaff    = "人力行政部"
	seedFinance  = "财务部"
)

// seedPeople are thirty people with names that are hard to read, to sort and to
// show. The numbers and addresses belong to nobody.
var seedPeople = []Row{
	{"沈建国", "YS001", "13910000001", "shen.jianguo@yunshan.example", seedOffice, "总经理", "", "2012-03-05"},
	{"曾玉梅", "YS002", "13910000002", "zeng.yumei@yunshan.example", seedOffice + ";" + seedFinance, "副总经理", "YS001", "2013-06-17"},
	{"单志远", "YS003", "13910000003", "shan.zhiyuan@yunshan.example", seedRD + ";" + seedOffice, "研发总监;技术顾问", "YS001", "2014-02-10"},
	{"欧阳晓岚", "YS004", "13910000004", "ouyang.xiaolan@yunshan.example", seedProduct, "部门经理", "YS001", "2015-09-01"},
	{"解东升", "YS005", "13910000005", "xie.dongsheng@yunshan.example", seedSales, "部门经理", "YS001", "2014-11-24"},
	{"覃秀英", "YS006", "13910000006", "qin.xiuying@yunshan.example", seedStaff, "部门经理", "YS002", "2016-04-18"},
	{"仇文博", "YS007", "13910000007", "qiu.wenbo@yunshan.example", seedFinance, "部门经理", "YS002", "2017-07-03"},
	{"任重", "YS008", "13910000008", "ren.zhong@yunshan.example", seedPlatform, "组长", "YS003", "2016-08-15"},
	{"吕思琪", "YS009", "13910000009", "lv.siqi@yunshan.example", seedApps, "组长", "YS003", "2017-03-13"},
	{"阿卜杜拉·买买提", "YS010", "13910000010", "abdulla@yunshan.example", seedPlatform, "高级工程师", "YS008", "2018-05-21"},
	{"区永康", "YS011", "13910000011", "ou.yongkang@yunshan.example", seedPlatform, "工程师", "YS008", "2019-07-08"},
	{"王㛃", "YS012", "13910000012", "wang.jie@yunshan.example", seedPlatform, "工程师", "YS008", "2021-07-01"},
	{"查理想", "YS013", "13910000013", "zha.lixiang@yunshan.example", seedPlatform + ";" + seedApps, "工程师;工程师", "YS008", "2020-10-12"},
	{"张伟", "YS014", "13910000014", "zhang.wei@yunshan.example", seedApps, "高级工程师", "YS009", "2018-09-03"},
	{"张薇", "YS015", "13910000015", "zhang.wei2@yunshan.example", seedApps, "工程师", "YS009", "2020-03-16"},
	{"朴英爱", "YS016", "13910000016", "piao.yingai@yunshan.example", seedApps, "测试工程师", "YS009", "2019-11-04"},
	{"尉迟恭礼", "YS017", "13910000017", "yuchi.gongli@yunshan.example", seedApps, "工程师", "YS009", "2022-07-04"},
	{"长孙嘉禾", "YS018", "13910000018", "zhangsun.jiahe@yunshan.example", seedApps, "测试工程师", "YS009", "2023-07-03"},
	{"乐嘉音", "YS019", "13910000019", "yue.jiayin@yunshan.example", seedProduct, "产品经理", "YS004", "2018-12-10"},
	{"李娜", "YS020", "13910000020", "li.na@yunshan.example", seedProduct, "设计师", "YS004", "2019-04-22"},
	{"迪丽娜尔·吐尔逊", "YS021", "13910000021", "dilnar@yunshan.example", seedProduct, "设计师", "YS004", "2022-03-14"},
	{"赵敏", "YS022", "13910000022", "zhao.min@yunshan.example", seedSales, "销售经理", "YS005", "2016-10-31"},
	{"华铮", "YS023", "13910000023", "hua.zheng@yunshan.example", seedSales, "销售经理", "YS005", "2018-02-26"},
	{"盖丽", "YS024", "13910000024", "ge.li@yunshan.example", seedSales, "市场专员", "YS005", "2021-05-17"},
	{"黄子轩", "YS025", "13910000025", "huang.zixuan@yunshan.example", seedSales, "市场专员", "YS005", "2023-02-20"},
	{"缪雨桐", "YS026", "13910000026", "miao.yutong@yunshan.example", seedStaff, "人事专员", "YS006", "2019-06-10"},
	{"陈静", "YS027", "13910000027", "chen.jing@yunshan.example", seedStaff, "行政专员", "YS006", "2020-08-24"},
	{"Anna Müller", "YS028", "+4915112345678", "anna.mueller@yunshan.example", seedSales, "海外拓展", "YS005", "2022-09-05"},
	{"翟慧", "YS029", "13910000029", "zhai.hui@yunshan.example", seedFinance, "会计", "YS007", "2017-11-20"},
	{"宁小波", "YS030", "13910000030", "ning.xiaobo@yunshan.example", seedFinance, "出纳", "YS007", "2024-03-18"},
}

// seedHeads are the heads of each department, by staff number and in order.
var seedHeads = map[string][]string{
	seedOffice: {"YS001", "YS002"}, seedRD: {"YS003"}, seedPlatform: {"YS008"}, seedApps: {"YS009", "YS014"},
	seedProduct: {"YS004"}, seedSales: {"YS005", "YS022"}, seedStaff: {"YS006"}, seedFinance: {"YS007", "YS002"},
}

// seedLeaders stand first in every list.
const seedLeaders = 7

// Seed adds a company to try things with: thirty people in eight departments. It
// leaves alone whoever is there already, so a second run changes nothing. It gives
// the people of that company who are here, the head first; they cannot sign in yet.
func Seed(ctx context.Context, db *store.DB, clock kernel.Clock) ([]auth.Person, error) {
	s := New(db, clock, nil, nil, nil)
	people := NewPeople(db, clock)
	var present []auth.Person
	err := db.InTx(ctx, func(ctx context.Context) error {
		missing, err := people.missing(ctx, seedPeople)
		if err != nil {
			return err
		}
		report, err := s.Import(ctx, missing, true, true)
		if err != nil {
			return fmt.Errorf("seed people: %w", err)
		}
		for i, result := range report.Rows {
			if result.Outcome == Failed {
				return fmt.Errorf("seed %s: %s is not accepted: %s; somebody else has it already", missing[i].Name, result.Problems[0].Column, result.Problems[0].Code)
			}
		}
		if err := s.seedOrder(ctx, people, missing); err != nil {
			return err
		}
		for _, row := range seedPeople {
			person, err := people.byStaffNo(ctx, row.StaffNo)
			if err != nil {
				return err
			}
			present = append(present, person)
		}
		return nil
	})
	return present, err
}

// seedOrder puts leaders first and names heads where there are none.
func (s *Service) seedOrder(ctx context.Context, people People, added []Row) error {
	anyVersion := func(int64) error { return nil }
	for _, row := range added {
		for i, leader := range seedPeople[:seedLeaders] {
			if leader.StaffNo != row.StaffNo {
				continue
			}
			person, err := people.byStaffNo(ctx, row.StaffNo)
			if err != nil {
				return err
			}
			if err := s.Edit(ctx, person.ID, anyVersion, func(p Profile) Profile { p.Sort = 10 * (i + 1); return p }); err != nil {
				return fmt.Errorf("seed the order of people: %w", err)
			}
		}
	}
	return s.seedHeads(ctx, people)
}

func (s *Service) seedHeads(ctx context.Context, people People) error {
	paths, err := s.nodes(ctx)
	if err != nil {
		return err
	}
	var headed []kernel.ID
	err = s.db.Q(ctx).NewRaw(`SELECT h.department_id FROM department_head h JOIN person p ON p.id = h.person_id WHERE p.deactivated_at IS NULL`).Scan(ctx, &headed)
	if err != nil {
		return fmt.Errorf("seed the heads: %w", err)
	}
	for id := range paths.byID {
		var heads []kernel.ID
		for _, number := range seedHeads[paths.path(id)] {
			person, err := people.byStaffNo(ctx, number)
			if err != nil {
				return err
			}
			if person.Active {
				heads = append(heads, person.ID)
			}
		}
		if slices.Contains(headed, id) || len(heads) == 0 {
			continue
		}
		if err := s.SetHeads(ctx, id, heads, func(int64) error { return nil }); err != nil {
			return fmt.Errorf("seed the heads: %w", err)
		}
	}
	return nil
}

func (p People) byStaffNo(ctx context.Context, number string) (auth.Person, error) {
	key, _ := kernel.NormalizeStaffNo(number)
	return p.PersonByIdentifier(ctx, kernel.Identifiers{StaffNo: key})
}

// missing are the rows whose staff number nobody has.
func (p People) missing(ctx context.Context, rows []Row) ([]Row, error) {
	var out []Row
	for _, row := range rows {
		_, err := p.byStaffNo(ctx, row.StaffNo)
		switch {
		case kernel.IsKind(err, kernel.KindNotFound):
			out = append(out, row)
		case err != nil:
			return nil, err
		}
	}
	return out, nil
}
