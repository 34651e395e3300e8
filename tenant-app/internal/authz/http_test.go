package authz_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"atrium.dev/atrium/tenant-app/internal/auth"
	"atrium.dev/atrium/tenant-app/internal/authz"
	"atrium.dev/atrium/tenant-app/internal/directory"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
)

type body map[string]any

func ids(n byte) string { return kernel.ID{6: 0x70, 8: 0x80, 15: n}.String() }

// Ids of ready-made roles.
var (
	system   = ids(2)
	security = ids(3)
	staff    = ids(6)
)

func roleNamed(b *officetest.Browser, name string) authz.Role {
	var r authz.Role
	b.JSON(http.MethodPost, "/roles", body{"name": name}).Want(http.StatusCreated).Into(&r)
	return r
}

func grant(b *officetest.Browser, role string, kind authz.GranteeKind, to any) officetest.Reply {
	send := body{"kind": kind}
	if to != nil {
		send["to"] = to
	}
	return b.JSON(http.MethodPost, "/roles/"+role+"/grants", send)
}

func setRights(b *officetest.Browser, role string, rights ...body) officetest.Reply {
	return b.JSON(http.MethodPut, "/roles/"+role+"/rights", body{"rights": append([]body{}, rights...)}, officetest.H("If-Match", "*"))
}

func TestTheThreeAdministrators(t *testing.T) {
	o := officetest.Start(t)
	admin := o.Administrator(t)
	var me auth.Me
	admin.JSON(http.MethodGet, "/me", nil).Into(&me)
	li, securityB := admin.Staff(auth.NewPerson{Name: "李安全", StaffNo: "B001"})
	han, systemB := admin.Staff(auth.NewPerson{Name: "韩系统", StaffNo: "B002"})
	grant(admin, security, authz.ToPerson, li).Want(http.StatusCreated)
	grant(admin, system, authz.ToPerson, han).Want(http.StatusCreated)

	securityB.JSON(http.MethodGet, "/roles", nil).Want(http.StatusOK)
	refused := securityB.JSON(http.MethodPost, "/people", body{"name": "某人", "staffNo": "C1"}).Want(http.StatusForbidden)
	if refused.Code() != "right_missing" || !strings.Contains(refused.Body, "directory.manage") {
		t.Errorf("refused with %s", refused.Body)
	}
	systemB.JSON(http.MethodPost, "/people", body{"name": "某人", "staffNo": "C1"}).Want(http.StatusCreated)
	systemB.JSON(http.MethodGet, "/roles", nil).Want(http.StatusForbidden)
	if got := grant(securityB, system, authz.ToPerson, li).Want(http.StatusConflict).Code(); got != "person_is_yourself" {
		t.Errorf("a role to oneself is refused with %s", got)
	}
	if got := grant(securityB, system, authz.ToStaff, nil).Want(http.StatusConflict).Code(); got != "role_for_people" {
		t.Errorf("the system administrator's role for all is refused with %s", got)
	}
	// Who sets passwords does not get in as the one who gives rights, nor as 管理员.
	for _, other := range []kernel.ID{li, me.PersonID} {
		if got := systemB.JSON(http.MethodPost, "/people/"+other.String()+"/invitation", nil).Want(http.StatusForbidden).Code(); got != "account_guarded" {
			t.Errorf("a password of somebody with more rights is refused with %s", got)
		}
	}
	systemB.JSON(http.MethodPost, "/people/"+han.String()+"/invitation", nil).Want(http.StatusCreated)
	admin.JSON(http.MethodPost, "/people/"+li.String()+"/invitation", nil).Want(http.StatusCreated)
	if got := setRights(admin, security).Want(http.StatusConflict).Code(); got != "role_fixed" {
		t.Errorf("a fixed role's rights are refused with %s", got)
	}

	// What they did stands in the audit log, which neither of the two reads.
	securityB.JSON(http.MethodGet, "/audit", nil).Want(http.StatusForbidden)
	systemB.JSON(http.MethodGet, "/audit", nil).Want(http.StatusForbidden)
	var log struct {
		Items []struct {
			Object  string
			Details map[string]any
		}
	}
	admin.JSON(http.MethodGet, "/audit?event=role_granted", nil).Want(http.StatusOK).Into(&log)
	if len(log.Items) != 2 || log.Items[0].Object != "韩系统" || log.Items[0].Details["role"] != "系统管理员" || log.Items[1].Object != "李安全" {
		t.Errorf("the audit log says %+v", log.Items)
	}

	// With a security administrator the first administrator can go, and not before.
	off := body{"administrator": false}
	securityB.JSON(http.MethodPut, "/people/"+me.PersonID.String()+"/administrator", off).Want(http.StatusOK)
	admin.JSON(http.MethodGet, "/roles", nil).Want(http.StatusForbidden) // at once
	var roles struct{ Items []authz.Role }
	securityB.JSON(http.MethodGet, "/roles", nil).Want(http.StatusOK).Into(&roles)
	for _, r := range roles.Items {
		if r.Key == authz.SecurityAdministrator {
			reply := securityB.JSON(http.MethodDelete, "/roles/"+r.ID.String()+"/grants/"+r.Grants[0].ID.String(), nil).Want(http.StatusConflict)
			if reply.Code() != "last_administrator" {
				t.Errorf("the last who gives roles is refused with %s", reply.Code())
			}
		}
	}
}

// A company narrows what staff see: rows, counts, fields and what can be searched.
func TestARoleNarrowsTheDirectory(t *testing.T) {
	o := officetest.Start(t)
	admin := o.Administrator(t)
	var rd, lab, sales directory.Department
	admin.JSON(http.MethodPost, "/departments", body{"name": "研发"}).Want(http.StatusCreated).Into(&rd)
	admin.JSON(http.MethodPost, "/departments", body{"name": "实验室", "parentId": rd.ID}).Want(http.StatusCreated).Into(&lab)
	admin.JSON(http.MethodPost, "/departments", body{"name": "销售"}).Want(http.StatusCreated).Into(&sales)
	make := func(name, staffNo, phone string, at ...kernel.ID) directory.PersonDetail {
		posts := []body{}
		for _, id := range at {
			posts = append(posts, body{"departmentId": id})
		}
		var p directory.PersonDetail
		admin.JSON(http.MethodPost, "/people", body{"name": name, "staffNo": staffNo, "phone": phone, "posts": posts}).Want(http.StatusCreated).Into(&p)
		return p
	}
	zhang, li, wang := make("张研发", "Y1", "13911110001", rd.ID), make("李实验", "Y2", "13911110002", lab.ID, sales.ID), make("王销售", "X1", "13911110003", sales.ID)
	b := o.Browser(t)
	b.Activate(admin.Invite(zhang.ID).Code, officetest.Password).Want(http.StatusSeeOther)
	setRights(admin, staff, body{"right": "directory.read", "scope": "tree", "masks": []string{"phone"}}).Want(http.StatusOK)

	var page kernel.Page[directory.Person]
	b.JSON(http.MethodGet, "/people", nil).Want(http.StatusOK).Into(&page)
	if len(page.Items) != 2 || page.Items[0].Phone+page.Items[1].Phone != "" || page.Items[0].StaffNo == "" {
		t.Errorf("people: %+v", page.Items)
	}
	var tree directory.Tree
	b.JSON(http.MethodGet, "/departments", nil).Want(http.StatusOK).Into(&tree)
	if len(tree.Departments) != 2 || tree.People != 2 || tree.Unassigned != 0 || tree.Departments[0].Total != 2 {
		t.Errorf("departments: %+v", tree)
	}
	var detail directory.PersonDetail
	b.JSON(http.MethodGet, "/people/"+li.ID.String(), nil).Want(http.StatusOK).Into(&detail)
	if len(detail.Posts) != 1 || detail.Posts[0].Department.Name != "实验室" || detail.Phone != "" {
		t.Errorf("a colleague of another department: %+v", detail)
	}
	hidden := b.JSON(http.MethodGet, "/people/"+wang.ID.String(), nil).Want(http.StatusNotFound)
	missing := b.JSON(http.MethodGet, "/people/"+kernel.NewID().String(), nil).Want(http.StatusNotFound)
	if hidden.Code() != missing.Code() {
		t.Errorf("a hidden person answers %s, a missing one %s", hidden.Code(), missing.Code())
	}
	b.JSON(http.MethodGet, "/departments/"+sales.ID.String(), nil).Want(http.StatusNotFound)
	for query, want := range map[string]int{"王销售": 0, "13911110002": 0, "0002": 0, "Y2": 0, "李实验": 1, "lishi": 1, "lsy": 1, "张": 1} {
		b.JSON(http.MethodGet, "/people?q="+query, nil).Want(http.StatusOK).Into(&page)
		if len(page.Items) != want {
			t.Errorf("%q finds %d people, want %d", query, len(page.Items), want)
		}
	}
	b.JSON(http.MethodGet, "/people?department="+sales.ID.String(), nil).Want(http.StatusOK).Into(&page)
	if len(page.Items) != 0 {
		t.Errorf("a hidden department shows who is in it: %+v", page.Items)
	}

	// One person is given, with what the role shows of people.
	admin.JSON(http.MethodPost, "/object-rights", body{
		"id": kernel.NewID(), "kind": "person", "objectId": wang.ID, "right": "directory.read", "toKind": "department", "toId": rd.ID,
	}).Want(http.StatusCreated)
	b.JSON(http.MethodGet, "/people/"+wang.ID.String(), nil).Want(http.StatusOK).Into(&detail)
	if detail.Phone != "" || len(detail.Posts) != 0 {
		t.Errorf("the person who was given: %+v", detail)
	}
	var why authz.Explanation
	admin.JSON(http.MethodGet, fmt.Sprintf("/people/%s/rights/explain?right=directory.read&kind=person&object=%s", zhang.ID, wang.ID), nil).Want(http.StatusOK).Into(&why)
	if !why.Allowed || why.Object != "王销售" || len(why.Reasons) != 2 || why.Reasons[0].Reaches || why.Reasons[0].Role.Key != authz.Staff ||
		why.Reasons[0].Departments[0].Name != "研发" || why.Reasons[1].To.Name != "研发" || !why.Reasons[1].Reaches {
		t.Errorf("why: %+v", why)
	}
}

func TestRolesOfACompany(t *testing.T) {
	o := officetest.Start(t)
	admin := o.Administrator(t)
	id, b := admin.Staff(auth.NewPerson{Name: "李人事", StaffNo: "B001"})
	r := roleNamed(admin, "人事")
	admin.JSON(http.MethodPost, "/roles", body{"name": "人事"}).Want(http.StatusConflict)
	for name, bad := range map[string]body{
		"an unknown right":               {"right": "money.print", "scope": "all"},
		"a scope that is not offered":    {"right": "directory.manage", "scope": "tree"},
		"chosen without departments":     {"right": "directory.read", "scope": "chosen"},
		"an unknown department":          {"right": "directory.read", "scope": "chosen", "departments": []body{{"id": kernel.NewID(), "name": ""}}},
		"a mask of what is no field":     {"right": "directory.read", "scope": "all", "masks": []string{"salary"}},
		"departments for another scope":  {"right": "directory.read", "scope": "all", "departments": []body{{"id": kernel.NewID(), "name": ""}}},
		"the scope of a role taken away": {"right": "directory.read", "scope": "none"},
	} {
		if reply := setRights(admin, r.ID.String(), bad); reply.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", name, reply.Status, reply.Body)
		}
	}
	setRights(admin, r.ID.String(), body{"right": "directory.manage", "scope": "all"}).Want(http.StatusOK)
	admin.JSON(http.MethodPut, "/roles/"+r.ID.String()+"/rights", body{"rights": []body{}}, officetest.H("If-Match", `"1"`)).Want(http.StatusPreconditionFailed)
	b.JSON(http.MethodPost, "/departments", body{"name": "新部门"}).Want(http.StatusForbidden)
	grant(admin, r.ID.String(), authz.ToPerson, id).Want(http.StatusCreated)
	grant(admin, r.ID.String(), authz.ToPerson, id).Want(http.StatusCreated)
	b.JSON(http.MethodPost, "/departments", body{"name": "新部门"}).Want(http.StatusCreated)

	var holdings struct{ Items []authz.Reason }
	admin.JSON(http.MethodGet, "/people/"+id.String()+"/rights", nil).Want(http.StatusOK).Into(&holdings)
	found := false
	for _, h := range holdings.Items {
		found = found || (h.Right == "directory.manage" && h.Role.Name == "人事" && h.To.Name == "李人事")
	}
	if !found {
		t.Errorf("the holdings do not name the role: %+v", holdings.Items)
	}
	admin.JSON(http.MethodDelete, "/roles/"+r.ID.String(), nil, officetest.H("If-Match", "*")).Want(http.StatusNoContent)
	b.JSON(http.MethodPost, "/departments", body{"name": "又一个"}).Want(http.StatusForbidden)
	admin.JSON(http.MethodDelete, "/roles/"+staff, nil, officetest.H("If-Match", "*")).Want(http.StatusConflict)
	if got := grant(admin, staff, authz.ToCustomers, nil).Want(http.StatusConflict).Code(); got != "role_other_side" {
		t.Errorf("a role of staff for customers is refused with %s", got)
	}
}

// Who somebody is and what they may do costs a request one query, however many checks
// follow: the session's, with the stamp of access.
func TestARequestReadsTheSessionAlone(t *testing.T) {
	o := officetest.Start(t)
	admin := o.Administrator(t)
	var me auth.Me
	admin.JSON(http.MethodGet, "/me", nil).Want(http.StatusOK).Into(&me)
	for _, path := range []string{"/me", "/people", "/people/" + me.PersonID.String()} { // the second of /me is the language
		if sent := o.Statements(t, func() { admin.JSON(http.MethodGet, path, nil).Want(http.StatusOK) }); len(sent) != 2 {
			t.Errorf("GET %s takes %d queries: %q", path, len(sent), sent)
		}
	}
}
