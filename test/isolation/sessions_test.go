package isolation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/env"
	"atrium.dev/atrium/test/rig"
)

// The first administrator of each company.
const password = "spruce-in-the-snow-7"

// office is the app of one company, run as its pod would run it.
type office struct {
	address string // where it listens
	host    string // by which people know it
	cookies []*http.Cookie
	token   string // of the first administrator's link
}

// build compiles the app of this checkout.
func build(t *testing.T) string {
	t.Helper()
	root, err := env.Repository()
	rig.Check(t, err)
	program := filepath.Join(t.TempDir(), "atrium-office")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./tenant-app")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the app: %v\n%s", err, out)
	}
	return program
}

// serve migrates a company's schema and runs its app, each with the files that its
// pod would see and no others.
func (w *world) serve(program string, o *tenant) *office {
	w.t.Helper()
	dir := w.t.TempDir()
	run(w.t, program, "--settings", w.mount(o, filepath.Join(dir, "migrate"), v1alpha1.SecretOfficeMigrate), contract.CommandMigrate, "up")
	people, ops := freeAddress(w.t), freeAddress(w.t)
	cmd := exec.Command(program, "--settings", w.mount(o, filepath.Join(dir, "serve"), v1alpha1.SecretOfficeDatabase),
		"--listen", people, "--ops-listen", ops, contract.CommandServe)
	log, err := os.Create(filepath.Join(dir, "log"))
	rig.Check(w.t, err)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	rig.Check(w.t, cmd.Start())
	w.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = log.Close()
	})
	w.rig.Eventually("the app of "+o.name+" is ready", func() bool {
		answer, err := http.Get("http://" + ops + contract.PathReady)
		if err != nil {
			return false
		}
		return answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
	}, func() string {
		said, _ := os.ReadFile(log.Name())
		return string(said)
	})
	return &office{address: people, host: o.name + ".localhost:8080"}
}

// mount writes the files of a projected volume.
func (w *world) mount(o *tenant, dir, database string) string {
	w.t.Helper()
	var settings corev1.ConfigMap
	var first corev1.Secret
	rig.Check(w.t, os.MkdirAll(dir, 0o700),
		w.rig.Client.Get(w.t.Context(), client.ObjectKey{Namespace: o.namespace, Name: v1alpha1.OfficeName}, &settings))
	files := map[string][]byte{contract.FileSettings: []byte(settings.Data[contract.FileSettings])}
	for name, secret := range map[string]string{contract.FileDatabase: database, contract.FileBucket: v1alpha1.SecretOfficeBucket} {
		rig.Check(w.t, w.rig.Client.Get(w.t.Context(), client.ObjectKey{Namespace: o.namespace, Name: secret}, &first))
		files[name] = first.Data[name]
	}
	for name, content := range files {
		rig.Check(w.t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	return dir
}

func run(t *testing.T, program string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), rig.Patient)
	defer cancel()
	if out, err := exec.CommandContext(ctx, program, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	rig.Check(t, err)
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// sessions carries the sessions and links of one company to the others. What is
// asked there is every operation of the published API.
func (w *world) sessions() {
	w.t.Helper()
	for _, o := range w.tenants {
		w.enter(o)
	}
	operations := published(w.t)
	for _, o := range w.tenants {
		for _, other := range w.others(o) {
			for _, op := range operations {
				answer := other.office.ask(w.t, op.method, op.path, other.office.host, o.office.cookies)
				w.status(fmt.Sprintf("session of %s at %s: %s %s", o.name, other.name, op.method, op.path), answer, http.StatusUnauthorized)
			}
			w.link(o, other)
		}
		for _, path := range []string{"/api/v1/me", "/api/v1/people"} {
			if status := o.office.ask(w.t, http.MethodGet, path, o.office.host, o.office.cookies); status != http.StatusOK {
				w.t.Errorf("the administrator of %s gets %d for %s at home", o.name, status, path)
			}
		}
	}
}

// enter uses the first administrator's link.
func (w *world) enter(o *tenant) {
	w.t.Helper()
	var first corev1.Secret
	rig.Check(w.t, w.rig.Client.Get(w.t.Context(), client.ObjectKey{Namespace: o.namespace, Name: v1alpha1.SecretFirstAdmin}, &first))
	o.office.token = string(first.Data[v1alpha1.FirstAdminToken])
	answer := o.office.first(w.t, o.office.token)
	o.office.cookies = answer.Cookies()
	if answer.StatusCode != http.StatusSeeOther || len(o.office.cookies) == 0 {
		w.t.Fatalf("the first link of %s answers %s and gives %d cookies", o.name, answer.Status, len(o.office.cookies))
	}
}

// link tries the link of one company at another, which must not let anybody in.
func (w *world) link(o, other *tenant) {
	w.t.Helper()
	answer := other.office.first(w.t, o.office.token)
	err := fmt.Errorf("it answers %s", answer.Status)
	if len(answer.Cookies()) > 0 || answer.StatusCode/100 != 4 {
		err = nil
	}
	w.refused("session", "first link of "+o.name+" at "+other.name, err, func(error) bool { return answer.StatusCode/100 == 4 })
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

// ask sends one request and returns the status of the answer.
func (o *office) ask(t *testing.T, method, path, host string, cookies []*http.Cookie) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, "http://"+o.address+path, strings.NewReader("{}"))
	rig.Check(t, err)
	request.Host = host
	request.Header.Set("Origin", "http://"+host)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Idempotency-Key", fmt.Sprint(time.Now().UnixNano()))
	for _, c := range cookies {
		request.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	answer, err := http.DefaultTransport.RoundTrip(request)
	rig.Check(t, err)
	_, err = io.Copy(io.Discard, answer.Body)
	rig.Check(t, errors.Join(err, answer.Body.Close()))
	return answer.StatusCode
}

// first fills in the form of the first administrator.
func (o *office) first(t *testing.T, token string) *http.Response {
	t.Helper()
	form := url.Values{"token": {token}, "name": {"王立新"}, "phone": {"13911112222"}, "password": {password}, "repeat": {password}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+o.address+"/auth/first", strings.NewReader(form.Encode()))
	rig.Check(t, err)
	request.Host = o.host
	request.Header.Set("Origin", "http://"+o.host)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := http.DefaultTransport.RoundTrip(request)
	rig.Check(t, err)
	rig.Check(t, answer.Body.Close())
	return answer
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
