package controllers_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
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

// office is the real app of a tenant as a process. Its settings folder holds what
// the operator wrote, followed as a kubelet does, only sooner.
type office struct {
	t       *testing.T
	r       *rig.Rig
	tenant  string
	program string
	dir     string
	people  string // its address
	host    string
	cookie  string

	requests, failed atomic.Int64
}

// mirrorEvery is how soon a changed Secret reaches the folder; a kubelet takes up
// to a minute.
const mirrorEvery = 50 * time.Millisecond

func startOffice(t *testing.T, r *rig.Rig, tenant string) *office {
	t.Helper()
	o := &office{t: t, r: r, tenant: tenant, dir: t.TempDir(), people: freeAddress(t), host: tenant + ".localhost:8080"}
	o.program = filepath.Join(t.TempDir(), "atrium-office")
	root, err := env.Repository()
	rig.Check(t, err)
	build := exec.CommandContext(t.Context(), "go", "build", "-o", o.program, "./tenant-app")
	build.Dir = root
	o.run(build)
	rig.Check(t, o.mirror(v1alpha1.SecretOfficeMigrate))
	o.run(exec.CommandContext(t.Context(), o.program, "--settings", o.dir, contract.CommandMigrate, "up"))
	rig.Check(t, o.mirror(v1alpha1.SecretOfficeDatabase))
	ctx, stop := context.WithCancel(t.Context())
	var following sync.WaitGroup
	following.Go(func() { o.follow(ctx) })
	serve := exec.CommandContext(ctx, o.program, "--settings", o.dir, "--listen", o.people, "--ops-listen", freeAddress(t), contract.CommandServe)
	serve.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	rig.Check(t, serve.Start())
	t.Cleanup(func() {
		stop()
		_ = serve.Wait()
		following.Wait()
	})
	r.Eventually("the app answers", func() bool {
		answer, err := o.send(http.MethodGet, "/login", "", "")
		return err == nil && answer.StatusCode == http.StatusOK
	}, func() string { return o.people })
	o.enter()
	return o
}

func (o *office) run(cmd *exec.Cmd) {
	o.t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		o.t.Fatalf("%s: %v: %s", strings.Join(cmd.Args, " "), err, out)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	rig.Check(t, err)
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func (o *office) follow(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(mirrorEvery):
		}
		if err := o.mirror(v1alpha1.SecretOfficeDatabase); err != nil && ctx.Err() == nil {
			o.t.Errorf("follow the Secrets: %v", err)
		}
	}
}

// mirror brings the tenant's settings and Secrets into the folder.
func (o *office) mirror(database string) error {
	ctx, namespace := o.t.Context(), v1alpha1.NamespacePrefix+o.tenant
	var settings corev1.ConfigMap
	if err := o.r.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: v1alpha1.OfficeName}, &settings); err != nil {
		return err
	}
	files := map[string][]byte{contract.FileSettings: []byte(settings.Data[contract.FileSettings])}
	for name, file := range map[string]string{database: contract.FileDatabase, v1alpha1.SecretOfficeBucket: contract.FileBucket} {
		var secret corev1.Secret
		if err := o.r.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, &secret); err != nil {
			return err
		}
		files[file] = secret.Data[file]
	}
	for name, content := range files {
		path := filepath.Join(o.dir, name)
		if now, err := os.ReadFile(path); err == nil && bytes.Equal(now, content) {
			continue
		}
		if err := os.WriteFile(path+".new", content, 0o600); err != nil {
			return err
		}
		if err := os.Rename(path+".new", path); err != nil {
			return err
		}
	}
	return nil
}

// enter makes the first administrator.
func (o *office) enter() {
	o.t.Helper()
	var first corev1.Secret
	rig.Check(o.t, o.r.Client.Get(o.t.Context(), client.ObjectKey{Namespace: v1alpha1.NamespacePrefix + o.tenant, Name: v1alpha1.SecretFirstAdmin}, &first))
	password := "a sentence one remembers"
	form := url.Values{"token": {string(first.Data[v1alpha1.FirstAdminToken])}, "name": {"王芳"}, "phone": {"13800000001"}, "password": {password}, "repeat": {password}}
	answer, err := o.send(http.MethodPost, contract.PathFirstAdmin, "application/x-www-form-urlencoded", form.Encode())
	rig.Check(o.t, err)
	if len(answer.Cookies()) != 1 {
		o.t.Fatalf("the first administrator's link answers %d without a session", answer.StatusCode)
	}
	o.cookie = answer.Cookies()[0].Name + "=" + answer.Cookies()[0].Value
}

func (o *office) send(method, path, kind, body string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(o.t.Context(), method, "http://"+o.people+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Host = o.host
	request.Header.Set("Origin", "http://"+o.host)
	request.Header.Set("Cookie", o.cookie)
	if kind != "" {
		request.Header.Set("Content-Type", kind)
		request.Header.Set("Idempotency-Key", fmt.Sprintf("rotation-%d-%s", time.Now().UnixNano(), body[:min(len(body), 30)]))
	}
	browser := http.Client{Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := browser.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	_, err = io.Copy(io.Discard, answer.Body)
	return answer, err
}

// work reads and writes without a pause until the test says that it is enough. Each
// request that is not answered as it should be fails the test.
func (o *office) work(people int) (enough func()) {
	var done atomic.Bool
	var working sync.WaitGroup
	for p := range people {
		working.Go(func() {
			for n := 0; !done.Load(); n++ {
				o.ask(http.MethodGet, "/api/v1/me", "", http.StatusOK)
				o.ask(http.MethodPost, "/api/v1/people", fmt.Sprintf(`{"name":"p%d-%d"}`, p, n), http.StatusCreated)
				time.Sleep(5 * time.Millisecond) // a person's pause
			}
		})
	}
	return func() {
		done.Store(true)
		working.Wait()
	}
}

func (o *office) ask(method, path, body string, want int) {
	kind := ""
	if body != "" {
		kind = "application/json"
	}
	o.requests.Add(1)
	answer, err := o.send(method, path, kind, body)
	if err == nil && answer.StatusCode == want {
		return
	}
	if o.failed.Add(1) <= 5 {
		o.t.Errorf("%s %s: %v, %v; want %d", method, path, answer, err, want)
	}
}
