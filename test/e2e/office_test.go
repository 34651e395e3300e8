//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// browserLimit bounds the visits of one browser.
const browserLimit = 6 * time.Minute

// Where people work: at a desk, 1440 px wide, and on a phone, 390 px.
const (
	desk  = "desktop"
	phone = "phone"
)

// visit is what browser/office.mjs is told.
type visit struct {
	Do       string   `json:"do"`
	Size     string   `json:"size"`
	Shots    string   `json:"shots"` // how the screenshots are called
	Link     string   `json:"link,omitempty"`
	Origin   string   `json:"origin,omitempty"`
	Name     string   `json:"name,omitempty"`
	Phone    string   `json:"phone,omitempty"`
	Password string   `json:"password,omitempty"`
	File     string   `json:"file,omitempty"`
	Find     []search `json:"find,omitempty"`
}

type search struct {
	Type string `json:"type"` // pinyin
	Name string `json:"name"`
}

// sight is what the browser saw in one visit.
type sight struct {
	Failed  string   `json:"failed"`
	At      string   `json:"at"`
	Defects []string `json:"defects"` // console errors, CSP reports, axe from serious, sideways scrolling, small targets
	Found   []string `json:"found"`
	Status  int      `json:"status"`
	Text    string   `json:"text"`
}

// TestAdministratorsInTheBrowser lets the first administrator of each of two
// companies in, has them import a list that Chinese Excel saved, and finds people
// by pinyin: at a desk and on a phone.
func TestAdministratorsInTheBrowser(t *testing.T) {
	spruce, harbour := fresh(t, "spruce", "云杉科技有限公司"), fresh(t, "harbour", "环宇贸易有限公司")
	onboard(t, spruce, harbour)
	links := map[string]string{desk: spruce.firstLink(t), phone: harbour.firstLink(t)}
	browse(t,
		visit{Do: "activate", Size: desk, Shots: "spruce", Link: links[desk], Name: adminName, Phone: adminPhone, Password: adminPassword},
		visit{Do: "activate", Size: phone, Shots: "harbour", Link: links[phone], Name: adminName, Phone: adminPhone, Password: adminPassword},
	)
	worksOnce(t, links[desk])
	worksOnce(t, links[phone])

	lists := map[string]struct {
		rows string
		find []search
	}{
		desk:  {"欧阳思远,E2001,13700000001,研发中心\n单雄信,E2002,13700000002,市场部\n", []search{{"ouyang", "欧阳思远"}, {"sxx", "单雄信"}}},
		phone: {"尉迟恭,E3001,13700000003,研发中心\n吕布,E3002,13700000004,市场部\n", []search{{"yuchi", "尉迟恭"}, {"lvbu", "吕布"}}},
	}
	var visits []visit
	for shots, c := range map[string]company{"spruce": spruce, "harbour": harbour} {
		admin := c.signIn(t)
		for size, list := range lists {
			visits = append(visits, visit{
				Do: "import", Size: size, Shots: shots, Origin: admin.origin, Phone: adminPhone, Password: adminPassword,
				File: saveAsExcelWould(t, admin, list.rows), Find: list.find,
			})
		}
	}
	for i, seen := range browse(t, visits...) {
		if len(seen.Found) != len(visits[i].Find) {
			t.Errorf("found %v, want %v", seen.Found, visits[i].Find)
		}
	}
}

// TestDemoLinksOpen opens what make demo prints last.
func TestDemoLinksOpen(t *testing.T) {
	var visits []visit
	for _, name := range []string{"acme", "globex"} {
		visits = append(visits, visit{Do: "look", Size: desk, Shots: name, Link: company{name: name}.firstLink(t)})
	}
	for i, seen := range browse(t, visits...) {
		name := visits[i].Shots
		if want := demoTenant(t, name).Spec.DisplayName; seen.Status != http.StatusOK || !strings.Contains(seen.Text, want) {
			t.Errorf("the first link of %s answers %d: %s, want a page of %s", name, seen.Status, seen.Text, want)
		}
	}
}

// browse makes visits one after another and fails the test for everything that a
// person would call broken.
func browse(t *testing.T, visits ...visit) []sight {
	t.Helper()
	raw, err := json.Marshal(visits)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), browserLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", filepath.Join("browser", "office.mjs"))
	cmd.Stdin = bytes.NewReader(raw)
	cmd.Env = append(os.Environ(), "E2E_OUT="+resultsDir(t))
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("the browser's script: %v\n%s%s", errors.Join(err, ctx.Err()), out, said.String())
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	var sights []sight
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &sights); err != nil || len(sights) != len(visits) {
		t.Fatalf("read what the browser saw in %d visits: %v: %s", len(visits), err, out)
	}
	for i, seen := range sights {
		for _, defect := range seen.Defects {
			t.Error(defect)
		}
		if v := visits[i]; seen.Failed != "" {
			t.Errorf("%s %s, %s, on %s: %s\na picture: %s/%s-%s-failed.png", v.Do, v.Shots, v.Size, seen.At, seen.Failed, resultsDir(t), v.Shots, v.Size)
		}
	}
	if t.Failed() {
		t.FailNow()
	}
	return sights
}

// worksOnce tries a first link that was used.
func worksOnce(t *testing.T, link string) {
	t.Helper()
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	v := visitorAt(u.Scheme + "://" + u.Host)
	if a := v.get(t, u.RequestURI()); strings.Contains(a.body, `type="password"`) {
		t.Errorf("the first link still offers its form after it was used (%d)", a.status)
	}
	again := url.Values{"token": {u.Query().Get("token")}, "name": {"冒名者"}, "phone": {"13800000099"}, "password": {adminPassword}, "repeat": {adminPassword}}
	a, err := v.send(t.Context(), http.MethodPost, u.Path, "", "application/x-www-form-urlencoded", []byte(again.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if a.status/100 != 4 || len(v.cookies) > 0 {
		t.Errorf("the first link let a second administrator in: %d, cookies %d", a.status, len(v.cookies))
	}
}

// saveAsExcelWould fills the company's own template with rows of name, staff number,
// phone and department, and saves it in GB18030.
func saveAsExcelWould(t *testing.T, admin *visitor, rows string) string {
	t.Helper()
	template := admin.get(t, "/api/v1/people/import/template?format=csv")
	if template.status != http.StatusOK {
		t.Fatalf("the template answers %d: %s", template.status, template.body)
	}
	reader := csv.NewReader(strings.NewReader(strings.TrimPrefix(template.body, "\ufeff")))
	header, err := reader.Read()
	if err != nil {
		t.Fatalf("read the template: %v: %s", err, template.body)
	}
	people, err := csv.NewReader(strings.NewReader(rows)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	w := csv.NewWriter(simplifiedchinese.GB18030.NewEncoder().Writer(&file))
	filled := [][]string{header}
	for _, person := range people {
		row := make([]string, len(header))
		for i, wanted := range []string{"姓名", "工号", "手机", "部门"} {
			for column, title := range header {
				if strings.HasPrefix(title, wanted) {
					row[column] = person[i]
				}
			}
		}
		filled = append(filled, row)
	}
	if err := w.WriteAll(filled); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "员工名单.csv")
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
