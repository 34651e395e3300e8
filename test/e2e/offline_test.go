//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// liftLimit bounds the work of two people, one of them without network.
const liftLimit = 2 * time.Minute

// worker is somebody who can sign in.
type worker struct {
	ID       string `json:"id"`
	Name     string `json:"name"` // what they type to sign in
	Password string `json:"password"`
}

// TestOfflineArrivesOnce counts what a phone did without network: its browser was
// killed, started again, and every first answer to it was lost.
func TestOfflineArrivesOnce(t *testing.T) {
	c := fresh(t, "lift", "云杉科技有限公司")
	onboard(t, c)
	admin := c.activate(t)
	people := map[string]worker{"head": admin.hire(t, "解东升", "13700000011"), "clerk": admin.hire(t, "盖丽", "13700000012")}
	raw, err := json.Marshal(people)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), liftLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", filepath.Join("browser", "lift.mjs"))
	cmd.Stdin = bytes.NewReader(raw)
	cmd.Env = append(os.Environ(), "E2E_OUT="+resultsDir(t), "E2E_URL="+admin.origin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("the browser's script: %v\n%s", err, out)
	}
	var seen struct {
		Rows []struct {
			What                string
			Made, Sent, Arrived int
		}
		Defects []string
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &seen); err != nil {
		t.Fatalf("read what arrived: %v: %s", err, out)
	}
	t.Logf("%-12s %5s %5s %8s", "", "made", "sent", "arrived")
	for _, row := range seen.Rows {
		t.Logf("%-12s %5d %5d %8d", row.What, row.Made, row.Sent, row.Arrived)
		if row.Arrived != row.Made || row.Sent < 2*row.Made {
			t.Errorf("%s: %d made, sent %d times, %d arrived; each must be sent twice and arrive once", row.What, row.Made, row.Sent, row.Arrived)
		}
	}
	if len(seen.Rows) != 5 {
		t.Errorf("%d kinds of work were counted, not 5", len(seen.Rows))
	}
	for _, defect := range seen.Defects {
		t.Error(defect)
	}
}

// hire adds somebody and sets their password with the invitation.
func (v *visitor) hire(t testing.TB, name, phone string) worker {
	t.Helper()
	person := worker{Name: phone, Password: adminPassword}
	body, err := json.Marshal(map[string]string{"name": name, "phone": phone})
	if err != nil {
		t.Fatal(err)
	}
	var made, invited struct{ ID, URL string }
	v.post(t, "/api/v1/people", body, &made)
	v.post(t, "/api/v1/people/"+made.ID+"/invitation", nil, &invited)
	link, err := url.Parse(invited.URL)
	if err != nil {
		t.Fatal(err)
	}
	visitorAt(v.origin).submit(t, link.RequestURI(), map[string]string{"password": person.Password, "repeat": person.Password})
	person.ID = made.ID
	return person
}

// post makes something and reads what it has become.
func (v *visitor) post(t testing.TB, path string, body []byte, into any) {
	t.Helper()
	a, err := v.send(t.Context(), http.MethodPost, path, "", "application/json", body)
	if err != nil {
		t.Fatal(err)
	}
	if a.status/100 != 2 {
		t.Fatalf("POST %s answers %d: %s", path, a.status, a.body)
	}
	if err := json.Unmarshal([]byte(a.body), into); err != nil {
		t.Fatalf("POST %s: %v: %s", path, err, a.body)
	}
}
