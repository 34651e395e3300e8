package isolation

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"atrium.dev/atrium/test/env"
	"atrium.dev/atrium/test/rig"
)

// sessions carries the sessions and links of one company to the others. What is
// asked there is every operation of the published API.
func (w *world) sessions() {
	w.t.Helper()
	for _, o := range w.tenants {
		o.office.Enter()
	}
	operations := published(w.t)
	for _, o := range w.tenants {
		for _, other := range w.others(o) {
			for _, op := range operations {
				answer := other.ask(w.t, op.method, op.path, o.office.Cookies)
				w.status(fmt.Sprintf("session of %s at %s: %s %s", o.name, other.name, op.method, op.path), answer, http.StatusUnauthorized)
			}
			w.link(o, other)
		}
		for _, path := range []string{"/api/v1/me", "/api/v1/people"} {
			if status := o.ask(w.t, http.MethodGet, path, o.office.Cookies); status != http.StatusOK {
				w.t.Errorf("the administrator of %s gets %d for %s at home", o.name, status, path)
			}
		}
	}
}

// link tries the link of one company at another, which must not let anybody in.
func (w *world) link(o, other *tenant) {
	w.t.Helper()
	status, cookies := other.office.First(o.office.Token)
	err := fmt.Errorf("it answers %d", status)
	if len(cookies) > 0 || status/100 != 4 {
		err = nil
	}
	w.refused("session", "first link of "+o.name+" at "+other.name, err, func(error) bool { return status/100 == 4 })
}

// status is a cell of an answer.
func (w *world) status(what string, status int, want int) {
	w.t.Helper()
	err := fmt.Errorf("it answers %d", status)
	if status/100 == 2 || status/100 == 3 {
		err = nil
	}
	w.refused("session", what, err, func(error) bool {
		return status == want
	})
}

// ask sends one request with somebody's cookies and returns the status of the answer.
func (o *tenant) ask(t *testing.T, method, path string, cookies []*http.Cookie) int {
	t.Helper()
	status, err := o.office.Ask(method, path, "{}", cookies)
	rig.Check(t, err)
	return status
}

// operation of the published API.
type operation struct{ method, path string }

// published reads all operations; a new one is tried without a word here.
func published(t *testing.T) (all []operation) {
	t.Helper()
	root, err := env.Repository()
	rig.Check(t, err)
	raw, err := os.ReadFile(filepath.Join(root, "tenant-app", "openapi.json"))
	rig.Check(t, err)
	var api struct {
		Paths map[string]map[string]json.RawMessage
	}
	rig.Check(t, json.Unmarshal(raw, &api))
	for path, methods := range api.Paths {
		for method := range methods {
			// Nobody has this id; whoever is not let in must not learn that.
			path := strings.ReplaceAll(path, "{id}", "00000000-0000-7000-8000-000000000001")
			all = append(all, operation{strings.ToUpper(method), path})
		}
	}
	if len(all) < 30 {
		t.Fatalf("the published API has %d operations", len(all))
	}
	return all
}
