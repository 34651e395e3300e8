package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
	"atrium.dev/atrium/tenant-app/internal/store"
	"atrium.dev/atrium/tenant-app/internal/store/storetest"
)

// environment of a child that runs the program itself: "people address,ops address,settings".
const childVariable = "OFFICE_TEST_SERVE"

func TestMain(m *testing.M) {
	if args := os.Getenv(childVariable); args != "" {
		parts := strings.Split(args, ",")
		ctx, stop := signalContext()
		err := serve(ctx, parts[2], addresses{people: parts[0], ops: parts[1]}, newLogger(os.Stdout))
		stop()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(exitCode(err))
	}
	os.Exit(m.Run())
}

// folder is a settings folder of a company.
type folder struct {
	dir      string
	settings contract.Settings
	tenant   storetest.Tenant
	bucket   contract.Bucket
}

func newFolder(t *testing.T) *folder {
	t.Helper()
	f := &folder{dir: t.TempDir(), tenant: storetest.New(t), bucket: officetest.BucketSettings(t), settings: contract.Settings{
		TenantID: "test", DisplayName: "云杉科技有限公司", URL: "http://acme.localhost:8080", Release: "0.1.0",
		Locale: "zh-CN", Timezone: "Asia/Shanghai", Outbound: true, DataEpoch: 1,
	}}
	f.write(t, contract.FileSettings, f.settings)
	f.write(t, contract.FileBucket, f.bucket)
	f.write(t, contract.FileDatabase, f.tenant.Migrate)
	return f
}

// write replaces a file as Kubernetes does: at once.
func (f *folder) write(t *testing.T, name string, value any) {
	t.Helper()
	raw, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(f.dir, name)
	if err := os.WriteFile(path+".new", raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

func (f *folder) run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := run(t.Context(), append([]string{"--settings", f.dir}, args...), &out, slog.New(slog.DiscardHandler))
	return out.String(), err
}

// migrated is a folder whose schema is up to date, with serve's login.
func migrated(t *testing.T) *folder {
	t.Helper()
	f := newFolder(t)
	if _, err := f.run(t, "migrate", "up"); err != nil {
		t.Fatal(err)
	}
	f.write(t, contract.FileDatabase, f.tenant.App)
	return f
}

// child is the program as a process.
type child struct {
	people, ops string
	cmd         *exec.Cmd
	out         bytes.Buffer
}

func (f *folder) serve(t *testing.T) *child {
	t.Helper()
	c := &child{people: freeAddress(t), ops: freeAddress(t)}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c.cmd = exec.Command(program)
	// A test keeps a profile of its memory, which the program does not have.
	c.cmd.Env = append(os.Environ(), "GODEBUG=memprofilerate=0", childVariable+"="+strings.Join([]string{c.people, c.ops, f.dir}, ","))
	c.cmd.Stdout, c.cmd.Stderr = &c.out, &c.out
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.cmd.Process.Kill() })
	return c
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// get asks with a host name; status 0 means that nobody answers.
func get(t *testing.T, address, path, host string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	client := http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

func signInWrongly(t *testing.T, address, host string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+"/login", strings.NewReader("name=nobody&password=whatever"))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusUnauthorized {
		t.Fatalf("a wrong sign-in answers %d", answer.StatusCode)
	}
}

// await polls until ok, for at most a minute.
func await(t *testing.T, what string, ok func() bool) time.Duration {
	t.Helper()
	start := time.Now()
	for !ok() {
		if time.Since(start) > time.Minute {
			t.Fatalf("waited a minute for %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
	return time.Since(start)
}

func (c *child) ready(t *testing.T) func() bool {
	return func() bool { status, _ := get(t, c.ops, contract.PathReady, ""); return status == http.StatusOK }
}

// memory is what the process has in memory of its own, in bytes: what one more company
// costs. The program's text lies there once for all companies of a node, and this one
// has the tests in it; test/e2e bounds the whole of the real program.
func (c *child) memory(t *testing.T) int {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(raw), "RssAnon:")
	kilobytes, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kilobytes << 10
}

func TestServeIsReadySmallAndDrains(t *testing.T) {
	f := migrated(t)
	c := f.serve(t)
	took := await(t, "the app to be ready", c.ready(t))
	const most = 16e6
	idle := c.memory(t)
	t.Logf("ready after %s with %.1f MB of its own in memory", took.Round(time.Millisecond), float64(idle)/1e6)
	if idle > most {
		t.Errorf("idle it has %d bytes of its own in memory, at most %.0f MB", idle, most/1e6)
	}
	if status, body := get(t, c.people, "/login", "acme.localhost:8080"); status != http.StatusOK || !strings.Contains(body, "云杉科技有限公司") {
		t.Errorf("login answers %d: %s", status, body)
	}
	for _, path := range []string{contract.PathMetrics, contract.PathReady, contract.PathVersion} {
		if status, _ := get(t, c.people, path, "acme.localhost:8080"); status == http.StatusOK {
			t.Errorf("people reach %s", path)
		}
	}
	if _, metrics := get(t, c.ops, contract.PathMetrics, ""); !strings.Contains(metrics, `office_http_request_seconds_count{method="GET",route="/login",status="2xx"} 1`) {
		t.Error("the metrics do not count the request")
	}
	var version contract.Version
	_, body := get(t, c.ops, contract.PathVersion, "")
	if err := json.Unmarshal([]byte(body), &version); err != nil || version.SchemaVersion != store.NewestSchema() || version.Release != release || version.DataEpoch != 1 {
		t.Errorf("version: %s, %v", body, err)
	}
	for range 6 {
		signInWrongly(t, c.people, "acme.localhost:8080")
	}
	t.Logf("after six passwords %.1f MB", float64(c.memory(t))/1e6)
	await(t, "the memory of the passwords to go back", func() bool { return c.memory(t) <= most })
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	await(t, "the replica to say that it drains", func() bool {
		status, body := get(t, c.ops, contract.PathReady, "")
		return status == http.StatusServiceUnavailable && strings.Contains(body, "draining")
	})
	if status, _ := get(t, c.people, "/login", "acme.localhost:8080"); status != http.StatusOK {
		t.Errorf("while draining, people get %d", status)
	}
	if err := c.cmd.Wait(); err != nil {
		t.Errorf("the program ended with %v: %s", err, c.out.String())
	}
}

func TestServeFollowsSettingsAndCredentials(t *testing.T) {
	f := migrated(t)
	c := f.serve(t)
	await(t, "the app to be ready", c.ready(t))
	f.settings.DisplayName = "改名之后"
	f.write(t, contract.FileSettings, f.settings)
	await(t, "the new name", func() bool {
		_, body := get(t, c.people, "/login", "acme.localhost:8080")
		return strings.Contains(body, "改名之后")
	})
	// Broken files are complained about, and nothing stops.
	if err := os.WriteFile(filepath.Join(f.dir, contract.FileDatabase), []byte(`{"password":"hunter2-secret"`), 0o600); err != nil {
		t.Fatal(err)
	}
	other := f.tenant.App
	other.User = strings.TrimSuffix(other.User, "_a") + "_b"
	f.write(t, contract.FileDatabase, other)
	await(t, "the new login", func() bool { return c.ready(t)() && loggedIn(t, f.tenant, other.User) })
	if strings.Contains(c.out.String(), "hunter2") || strings.Contains(c.out.String(), other.Password) {
		t.Error("the log holds a password")
	}
}

func loggedIn(t *testing.T, tenant storetest.Tenant, user string) bool {
	t.Helper()
	db, err := store.Open(t.Context(), contract.Database{
		Host: tenant.Admin.Host, Port: tenant.Admin.Port, Name: tenant.Admin.Name, User: tenant.Admin.User,
		Password: tenant.Admin.Password, Schema: "public", SSLMode: "disable", MaxConns: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var found bool
	if err := db.Q(t.Context()).NewRaw("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE usename = ?)", user).Scan(t.Context(), &found); err != nil {
		t.Fatal(err)
	}
	return found
}

func TestServeWaitsForASchema(t *testing.T) {
	f := newFolder(t)
	f.write(t, contract.FileDatabase, f.tenant.App)
	c := f.serve(t)
	await(t, "an answer", func() bool { status, _ := get(t, c.ops, contract.PathHealth, ""); return status == http.StatusOK })
	if status, body := get(t, c.ops, contract.PathReady, ""); status != http.StatusServiceUnavailable || !strings.Contains(body, "run migrate up") {
		t.Errorf("without a schema: %d %s", status, body)
	}
	f.write(t, contract.FileDatabase, f.tenant.Migrate)
	if _, err := f.run(t, "migrate", "up"); err != nil {
		t.Fatal(err)
	}
	await(t, "the app to be ready", c.ready(t))
}

func TestExitCodesTellTheOperatorWhatHelps(t *testing.T) {
	closed := newFolder(t)
	closed.tenant.Migrate.Port = 1
	closed.write(t, contract.FileDatabase, closed.tenant.Migrate)
	noBucket := newFolder(t)
	noBucket.bucket.Endpoint = "http://127.0.0.1:1"
	noBucket.write(t, contract.FileBucket, noBucket.bucket)
	wrongKey := newFolder(t)
	wrongKey.bucket.SecretKey = "expired"
	wrongKey.write(t, contract.FileBucket, wrongKey.bucket)
	newer := migrated(t)
	newer.write(t, contract.FileDatabase, newer.tenant.Migrate)
	execAsOwner(t, newer.tenant, "INSERT INTO schema_version (version, name) VALUES (999, 'future')")
	empty := &folder{dir: t.TempDir()}
	pending := newFolder(t)
	good := migrated(t)

	for _, c := range []struct {
		name string
		f    *folder
		args []string
		want int
	}{
		{"nothing to do", good, []string{"migrate", "check"}, contract.ExitOK},
		{"something to do", pending, []string{"migrate", "check"}, contract.ExitFailure},
		{"status before the first", pending, []string{"migrate", "status"}, contract.ExitOK},
		{"no command", good, nil, contract.ExitUsage},
		{"unknown command", good, []string{"destroy"}, contract.ExitUsage},
		{"unknown step", good, []string{"migrate", "sideways"}, contract.ExitUsage},
		{"no settings", empty, []string{"migrate", "up"}, contract.ExitUsage},
		{"no settings to serve", empty, []string{"serve"}, contract.ExitUsage},
		{"database away", closed, []string{"migrate", "up"}, contract.ExitUnavailable},
		{"bucket away", noBucket, []string{"migrate", "up"}, contract.ExitUnavailable},
		{"bucket refuses", wrongKey, []string{"migrate", "up"}, contract.ExitUnavailable},
		{"newer schema", newer, []string{"migrate", "up"}, contract.ExitSchema},
		{"newer schema, check", newer, []string{"migrate", "check"}, contract.ExitSchema},
	} {
		_, err := c.f.run(t, c.args...)
		if got := exitCode(err); got != c.want {
			t.Errorf("%s: exit code %d (%v), want %d", c.name, got, err, c.want)
		}
	}
	if got := exitCode(errors.New("anything else")); got != contract.ExitFailure {
		t.Errorf("an unknown error exits with %d", got)
	}
}

// execAsOwner runs a statement as the owner's role.
func execAsOwner(t *testing.T, tenant storetest.Tenant, statement string) {
	t.Helper()
	db, err := store.Open(t.Context(), tenant.Migrate)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.Q(t.Context()).NewRaw(statement).Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestSeedIsRepeatable(t *testing.T) {
	f := migrated(t)
	for range 2 {
		if _, err := f.run(t, "seed"); err != nil {
			t.Fatal(err)
		}
	}
	db, err := store.Open(t.Context(), f.tenant.App)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var people, accounts int
	err = db.Q(t.Context()).NewRaw("SELECT (SELECT count(*) FROM person), (SELECT count(*) FROM account)").Scan(t.Context(), &people, &accounts)
	if err != nil || people != 30 || accounts != 0 {
		t.Errorf("after two seeds %d people and %d accounts, %v", people, accounts, err)
	}
}
