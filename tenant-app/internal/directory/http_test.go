package directory_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"atrium.dev/atrium/tenant-app/internal/auth"
	"atrium.dev/atrium/tenant-app/internal/directory"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
	"github.com/uptrace/bun"
)

type object map[string]any

func makeDepartment(b *officetest.Browser, name string, parent any) directory.Department {
	body := object{"name": name}
	if parent != nil {
		body["parentId"] = parent
	}
	var d directory.Department
	b.JSON(http.MethodPost, "/departments", body).Want(http.StatusCreated).Into(&d)
	return d
}

func makePerson(b *officetest.Browser, body object) directory.PersonDetail {
	var p directory.PersonDetail
	b.JSON(http.MethodPost, "/people", body).Want(http.StatusCreated).Into(&p)
	return p
}

func at(revision int64) officetest.Header {
	return officetest.H("If-Match", fmt.Sprintf(`"%d"`, revision))
}

func TestAnAdministratorRunsTheDirectory(t *testing.T) {
	o := officetest.Start(t)
	admin := o.Administrator(t)
	rd := makeDepartment(admin, "研发中心", nil)
	lab := makeDepartment(admin, "实验室", rd.ID)
	var position directory.Position
	admin.JSON(http.MethodPost, "/positions", object{"name": "工程师"}).Want(http.StatusCreated).Into(&position)
	zhang := makePerson(admin, object{
		"name": "张伟", "staffNo": "YF-1", "phone": "138 1234 5678", "hiredOn": "2024-03-01",
		"posts": []object{{"departmentId": rd.ID, "positionId": position.ID}},
	})

	reply := admin.Get("/api/v1/people/" + zhang.ID.String()).Want(http.StatusOK)
	if reply.Header.Get("ETag") != `"1"` {
		t.Errorf("ETag is %s", reply.Header.Get("ETag"))
	}
	path := "/people/" + zhang.ID.String()
	admin.JSON(http.MethodPatch, path, object{"name": "张巍"}).Want(http.StatusPreconditionRequired)
	reply = admin.JSON(http.MethodPatch, path, object{"name": "张巍", "mail": "Z@acme.example", "hiredOn": ""}, at(1)).Want(http.StatusOK)
	zhang = directory.PersonDetail{}
	reply.Into(&zhang)
	if zhang.Name != "张巍" || zhang.Mail != "z@acme.example" || zhang.Phone != "13812345678" || zhang.HiredOn != "" || zhang.Revision != 2 || reply.Header.Get("ETag") != `"2"` {
		t.Errorf("edited to %+v", zhang)
	}
	if code := admin.JSON(http.MethodPatch, path, object{"name": "张伟"}, at(1)).Want(http.StatusPreconditionFailed).Code(); code != "version_stale" {
		t.Errorf("an old version is refused with %s", code)
	}
	zhang = directory.PersonDetail{}
	admin.JSON(http.MethodPut, path+"/posts", object{"posts": []object{{"departmentId": lab.ID}, {"departmentId": rd.ID}}}, at(2)).Want(http.StatusOK).Into(&zhang)
	if len(zhang.Posts) != 2 || zhang.Posts[0].Department.Name != "实验室" || len(zhang.History) != 1 {
		t.Errorf("moved to %+v, with history %+v", zhang.Posts, zhang.History)
	}
	admin.JSON(http.MethodPut, "/departments/"+rd.ID.String()+"/heads", object{"personIds": []kernel.ID{zhang.ID}}, at(1)).Want(http.StatusOK).Into(&rd)
	if len(rd.Heads) != 1 || rd.Heads[0].AvatarText != "张巍" || rd.People != 1 || rd.Total != 1 {
		t.Errorf("the department is %+v", rd)
	}
	if code := admin.JSON(http.MethodPost, "/departments/"+rd.ID.String()+"/move", object{"parentId": lab.ID}, at(2)).Want(http.StatusConflict).Code(); code != "department_below_itself" {
		t.Errorf("a circle is refused with %s", code)
	}
	admin.JSON(http.MethodDelete, "/departments/"+lab.ID.String(), nil, at(1)).Want(http.StatusConflict)
	admin.JSON(http.MethodPost, path+"/deactivate", nil, at(3)).Want(http.StatusOK)
	admin.JSON(http.MethodDelete, "/departments/"+lab.ID.String(), nil, at(1)).Want(http.StatusNoContent)
	zhang = directory.PersonDetail{}
	admin.JSON(http.MethodPost, path+"/reactivate", nil, at(4)).Want(http.StatusOK).Into(&zhang)
	if len(zhang.Posts) != 1 || zhang.Posts[0].Department.Name != "研发中心" || !zhang.Posts[0].Primary || zhang.Status != directory.Active {
		t.Errorf("came back as %+v", zhang)
	}
	if code := admin.JSON(http.MethodPost, "/people", object{"name": "李", "phone": "13812345678"}).Want(http.StatusConflict).Code(); code != "phone_taken" {
		t.Errorf("a phone number twice is refused with %s", code)
	}
}

func TestStaffReadAndDoNotWrite(t *testing.T) {
	o := officetest.Start(t)
	admin := o.Administrator(t)
	rd := makeDepartment(admin, "研发中心", nil)
	id, staff := admin.Staff(auth.NewPerson{Name: "李娜", StaffNo: "B1"})
	for _, path := range []string{"/departments", "/departments/" + rd.ID.String(), "/positions", "/people", "/people/" + id.String()} {
		staff.Get("/api/v1" + path).Want(http.StatusOK)
		o.Browser(t).Get("/api/v1" + path).Want(http.StatusUnauthorized)
	}
	// Every operation of the directory that changes something is refused, whatever is in it.
	allowed := []string{"set-avatar", "remove-avatar"} // one's own; see below
	tried := 0
	for _, op := range o.App.Server.Operations() {
		if !slices.Contains([]string{"people", "departments", "positions", "exchange"}, op.Tag) || op.Method == http.MethodGet || slices.Contains(allowed, op.ID) {
			continue
		}
		tried++
		path := strings.ReplaceAll(op.Path, "{id}", id.String())
		staff.JSON(op.Method, path, object{}, at(1)).Want(http.StatusForbidden)
	}
	if tried < 15 {
		t.Errorf("only %d operations were tried", tried)
	}
	staff.JSON(http.MethodDelete, "/people/"+id.String()+"/avatar", nil, at(1)).Want(http.StatusOK)
	other := makePerson(admin, object{"name": "王五"})
	staff.JSON(http.MethodDelete, "/people/"+other.ID.String()+"/avatar", nil, at(1)).Want(http.StatusForbidden)
}

func TestDeactivationEndsSessions(t *testing.T) {
	o := officetest.Start(t)
	admin := o.Administrator(t)
	id, staff := admin.Staff(auth.NewPerson{Name: "李娜", StaffNo: "B1"})
	staff.Get("/api/v1/people").Want(http.StatusOK)
	admin.JSON(http.MethodPost, "/people/"+id.String()+"/deactivate", nil, at(1)).Want(http.StatusOK)
	staff.Get("/api/v1/people").Want(http.StatusUnauthorized)
	var sessions int
	if o.Scan(t, "SELECT count(*) FROM session WHERE person_id = '"+id.String()+"'", &sessions); sessions != 0 {
		t.Errorf("%d sessions are left", sessions)
	}
	var me auth.Me
	admin.Get("/api/v1/me").Into(&me)
	if code := admin.JSON(http.MethodPost, "/people/"+me.PersonID.String()+"/deactivate", nil, at(1)).Want(http.StatusConflict).Code(); code != "person_is_yourself" {
		t.Errorf("deactivating oneself is refused with %s", code)
	}
}

func TestAvatarGoesToTheBucketAndBack(t *testing.T) {
	o := officetest.Start(t, officetest.WithBucket)
	admin := o.Administrator(t)
	id, staff := admin.Staff(auth.NewPerson{Name: "李娜", StaffNo: "B1"})
	picture := image.NewUniform(color.RGBA{R: 200, A: 255})
	square := image.NewRGBA(image.Rect(0, 0, 40, 40))
	for i := range 40 * 40 {
		square.Set(i%40, i/40, picture.C)
	}
	var raw bytes.Buffer
	if err := png.Encode(&raw, square); err != nil {
		t.Fatal(err)
	}
	put := func(b *officetest.Browser, body []byte, revision int64) officetest.Reply {
		return b.Do(http.MethodPut, "/api/v1/people/"+id.String()+"/avatar", body, at(revision), officetest.H("Content-Type", "application/octet-stream"))
	}
	var person directory.PersonDetail
	put(staff, raw.Bytes(), 1).Want(http.StatusOK).Into(&person)
	if !strings.HasPrefix(person.Avatar, "/files/avatars/"+id.String()+"/") {
		t.Fatalf("the picture is at %q", person.Avatar)
	}
	got := admin.Get(person.Avatar).Want(http.StatusOK)
	config, format, err := image.DecodeConfig(strings.NewReader(got.Body))
	if err != nil || format != "jpeg" || config.Width != 256 || got.Header.Get("Content-Type") != "image/jpeg" || !strings.Contains(got.Header.Get("Cache-Control"), "private") {
		t.Errorf("served as %s %+v %v, %v", format, config, err, got.Header)
	}
	o.Browser(t).Get(person.Avatar).Want(http.StatusUnauthorized)
	admin.Get("/files/avatars/" + id.String() + "/..%2f..%2fassets").Want(http.StatusNotFound)
	admin.Get("/files/avatars/" + kernel.NewID().String() + "/" + strings.Repeat("0", 32) + ".jpg").Want(http.StatusNotFound)
	if code := put(staff, []byte("<svg/>"), 2).Want(http.StatusUnprocessableEntity).Code(); code != "picture_unreadable" {
		t.Errorf("an SVG is refused with %s", code)
	}
	put(staff, bytes.Repeat([]byte("x"), directory.MaxAvatarBytes+1), 2).Want(http.StatusRequestEntityTooLarge)
	person = directory.PersonDetail{}
	staff.JSON(http.MethodDelete, "/people/"+id.String()+"/avatar", nil, at(2)).Want(http.StatusOK).Into(&person)
	if person.Avatar != "" || person.AvatarText != "李娜" {
		t.Errorf("after removing it: %+v", person.PersonRef)
	}
}

func TestListTakesFiltersFromTheAddress(t *testing.T) {
	o := officetest.Start(t)
	admin := o.Administrator(t)
	if _, err := directory.Seed(t.Context(), o.DB, o.Now); err != nil {
		t.Fatal(err)
	}
	var tree directory.Tree
	admin.Get("/api/v1/departments").Into(&tree)
	rd := tree.Departments[slices.IndexFunc(tree.Departments, func(d directory.Department) bool { return d.Name == "研发中心" })]
	for query, want := range map[string]int{
		"limit=200": 31, "limit=5": 5, "department=" + rd.ID.String(): 1, "department=" + rd.ID.String() + "&below=true": 12,
		"unassigned=true": 1, "status=deactivated": 0, "q=zw": 2, "q=13910000014": 1, "q=%E9%98%BF%E5%8D%9C": 1, "q=yunshan": 0,
	} {
		var page kernel.Page[directory.Person]
		admin.Get("/api/v1/people?" + query).Want(http.StatusOK).Into(&page)
		if len(page.Items) != want {
			t.Errorf("%s lists %d people, want %d", query, len(page.Items), want)
		}
	}
	if rd.Total != 12 {
		t.Errorf("the tree counts %d in and below, the list 12", rd.Total)
	}
	admin.Get("/api/v1/people?cursor=nonsense").Want(http.StatusBadRequest)
	admin.Get("/api/v1/people?limit=0").Want(http.StatusUnprocessableEntity)
	admin.Get("/api/v1/people?department=x").Want(http.StatusUnprocessableEntity)
	admin.Get("/api/v1/people/" + kernel.NewID().String()).Want(http.StatusNotFound)
}

// Reading takes one statement for the session and a fixed few for the answer,
// however many people there are.
func TestReadsTakeFewStatements(t *testing.T) {
	o := officetest.Start(t)
	admin := o.Administrator(t)
	people, err := directory.Seed(t.Context(), o.DB, o.Now)
	if err != nil {
		t.Fatal(err)
	}
	count := &statements{}
	o.DB.Q(t.Context()).(*bun.DB).AddQueryHook(count) //nolint:staticcheck // WithQueryHook hooks a copy, this is about the app's own
	admin.Get("/api/v1/people")                       // the session's last use is noted once in a while
	for path, most := range map[string]int64{"/people?limit=200": 3, "/people?q=zw": 3, "/departments": 4, "/people/" + people[3].ID.String(): 3, "/positions": 3} {
		n := count.during(func() { admin.Get("/api/v1" + path).Want(http.StatusOK) })
		if n < 2 || n > most {
			t.Errorf("%s takes %d statements, want at most %d", path, n, most)
		}
	}
}

// statements counts what is sent to the database.
type statements struct{ n atomic.Int64 }

func (*statements) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context { return ctx }

func (s *statements) AfterQuery(context.Context, *bun.QueryEvent) { s.n.Add(1) }

func (s *statements) during(do func()) int64 {
	before := s.n.Load()
	do()
	return s.n.Load() - before
}
