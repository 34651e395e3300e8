package rig

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/env/app"
)

// mirrorEvery is how soon a changed Secret reaches the settings of a running app; a
// kubelet takes up to a minute.
const mirrorEvery = 50 * time.Millisecond

// App is the real app of a company as a process. Each of its commands has the files
// that its pod would have and no others.
type App struct {
	Token   string         // of the first administrator's link
	Cookies []*http.Cookie // of the first administrator, once they have entered

	rig       *Rig
	namespace string
	settings  string // ConfigMap with settings.json; empty: the company's own
	host      string // by which people know it
	process   *app.App
}

// BuildApp compiles the app of this checkout.
func BuildApp(t testing.TB) (program string) {
	t.Helper()
	program = filepath.Join(t.TempDir(), "atrium-office")
	Check(t, app.Build(t.Context(), program))
	return program
}

// Serve migrates a company's schema and runs its app until the test ends.
func (r *Rig) Serve(program, company string) *App {
	r.T.Helper()
	migrate, err := app.New(r.T.TempDir())
	Check(r.T, err)
	serve, err := app.New(r.T.TempDir())
	Check(r.T, err)
	migrate.Program, serve.Program = program, program
	a := &App{rig: r, namespace: v1alpha1.NamespacePrefix + company, host: company + ".localhost:8080", process: serve}
	a.Token = string(a.secret(v1alpha1.SecretFirstAdmin)[v1alpha1.FirstAdminToken])
	Check(r.T, a.mount(migrate.Settings, v1alpha1.SecretOfficeMigrate))
	Check(r.T, migrate.Run(r.T.Context(), contract.CommandMigrate, "up"), a.mount(serve.Settings, v1alpha1.SecretOfficeDatabase))
	ctx, stop := context.WithCancel(r.T.Context())
	ended, err := serve.Serve(ctx)
	var following sync.WaitGroup
	following.Go(func() { a.follow(ctx) })
	r.T.Cleanup(func() {
		stop()
		following.Wait()
		if ended != nil {
			<-ended
		}
	})
	if err != nil {
		said, _ := os.ReadFile(serve.Log)
		r.T.Fatalf("%v\n%s", err, said)
	}
	return a
}

func (a *App) secret(name string) map[string][]byte {
	a.rig.T.Helper()
	var s corev1.Secret
	Check(a.rig.T, a.rig.Client.Get(a.rig.T.Context(), client.ObjectKey{Namespace: a.namespace, Name: name}, &s))
	return s.Data
}

func (a *App) follow(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(mirrorEvery):
		}
		if err := a.mount(a.process.Settings, v1alpha1.SecretOfficeDatabase); err != nil && ctx.Err() == nil {
			a.rig.T.Errorf("follow the Secrets: %v", err)
		}
	}
}

// mount brings a projected volume's files into a folder: one that changed is
// replaced at once.
func (a *App) mount(dir, database string) error {
	ctx := a.rig.T.Context()
	var settings corev1.ConfigMap
	if err := a.rig.Client.Get(ctx, client.ObjectKey{Namespace: a.namespace, Name: cmp.Or(a.settings, v1alpha1.OfficeName)}, &settings); err != nil {
		return err
	}
	files := map[string][]byte{contract.FileSettings: []byte(settings.Data[contract.FileSettings])}
	for name, file := range map[string]string{database: contract.FileDatabase, v1alpha1.SecretOfficeBucket: contract.FileBucket, v1alpha1.SecretOfficeKeys: contract.FileKeys} {
		var secret corev1.Secret
		if err := a.rig.Client.Get(ctx, client.ObjectKey{Namespace: a.namespace, Name: name}, &secret); err != nil {
			return err
		}
		files[file] = secret.Data[file]
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for name, content := range files {
		path := filepath.Join(dir, name)
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

// Enter uses the first administrator's link.
func (a *App) Enter() {
	a.rig.T.Helper()
	status, cookies := a.First(a.Token)
	if status != http.StatusSeeOther || len(cookies) == 0 {
		a.rig.T.Fatalf("the first administrator's link at %s answers %d and gives %d cookies", a.host, status, len(cookies))
	}
	a.Cookies = cookies
	a.agree()
}

// agree agrees to the texts of the app, whatever their edition is.
func (a *App) agree() {
	a.rig.T.Helper()
	for edition := 1; edition < 100; edition++ {
		form := url.Values{"answer": {"agree"}, "edition": {strconv.Itoa(edition)}}
		status, _, err := a.send(http.MethodPost, contract.PathConsent, "application/x-www-form-urlencoded", form.Encode(), a.Cookies)
		Check(a.rig.T, err)
		if status == http.StatusSeeOther {
			return
		}
	}
	a.rig.T.Fatalf("the app at %s lets nobody agree to its texts", a.host)
}

// First fills in the form of the first administrator's link, with any link's token.
func (a *App) First(token string) (status int, cookies []*http.Cookie) {
	a.rig.T.Helper()
	password := "a sentence one remembers"
	form := url.Values{"token": {token}, "name": {"王芳"}, "phone": {"13800000001"}, "password": {password}, "repeat": {password}}
	status, cookies, err := a.send(http.MethodPost, contract.PathFirstAdmin, "application/x-www-form-urlencoded", form.Encode(), nil)
	Check(a.rig.T, err)
	return status, cookies
}

// Ask sends a request of the API, as the app's own page does, with somebody's
// cookies, and gives the status of the answer.
func (a *App) Ask(method, path, body string, cookies []*http.Cookie) (status int, err error) {
	status, _, err = a.send(method, path, "application/json", body, cookies)
	return status, err
}

// send gives an answer's status and the cookies that it sets; a redirect is an answer.
func (a *App) send(method, path, kind, body string, cookies []*http.Cookie) (status int, set []*http.Cookie, err error) {
	request, err := http.NewRequestWithContext(a.rig.T.Context(), method, "http://"+a.process.Listen+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Host = a.host
	request.Header.Set("Origin", "http://"+a.host)
	request.Header.Set("Content-Type", kind)
	request.Header.Set("Idempotency-Key", rand.Text())
	for _, c := range cookies {
		request.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	page := http.Client{Timeout: Patient, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := page.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	_, err = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode, answer.Cookies(), err
}
