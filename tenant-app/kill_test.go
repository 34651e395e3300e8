package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
	"atrium.dev/atrium/tenant-app/internal/privacy"
	"atrium.dev/atrium/tenant-app/internal/store/storetest"
	"atrium.dev/atrium/test/env"
)

const (
	killWriters   = 4
	killAtLeast   = 25 // acknowledged writes between one kill and the next
	killPause     = 20 * time.Millisecond
	killFirstLink = "the-first-link"
	killHost      = "acme.localhost:8080"
)

// killing is a company on a durable server of its own, and people who write to it
// without a pause while its parts are killed.
type killing struct {
	t      *testing.T
	data   string // of the server
	server *env.Server
	folder *folder
	app    *child

	people atomic.Pointer[string] // address of the app
	cookie *http.Cookie
	done   atomic.Bool
	acks   atomic.Int64
	failed atomic.Int64 // attempts without an answer, or with one that asks to try again
}

// Every write that was acknowledged is there once, whatever is killed: ROUNDS (3)
// times PostgreSQL and the app, as a power cut would.
func TestKilledUnderWrites(t *testing.T) {
	rounds := 3
	if asked, err := strconv.Atoi(os.Getenv("ROUNDS")); err == nil {
		rounds = asked
	}
	k := startKilling(t)
	var writers sync.WaitGroup
	for w := range killWriters {
		writers.Go(func() { k.write(w) })
	}
	var toPostgres, toApp time.Duration
	for range rounds {
		k.more()
		k.server.Stop()
		toPostgres = max(toPostgres, k.until("PostgreSQL is back", k.revive))
		k.more()
		if err := k.app.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = k.app.cmd.Wait() // says that it was killed
		k.serve()
		toApp = max(toApp, k.until("the app is ready", k.app.ready(t)))
	}
	k.more()
	k.done.Store(true)
	writers.Wait()
	k.compare()
	t.Logf("kills: %d rounds: %d writes acknowledged, %d attempts failed on the way; PostgreSQL back after at most %s, the app after %s",
		rounds, k.acks.Load(), k.failed.Load(), toPostgres.Round(time.Millisecond), toApp.Round(time.Millisecond))
}

func startKilling(t *testing.T) *killing {
	t.Helper()
	k := &killing{t: t, data: t.TempDir()}
	var err error
	if k.server, err = env.StartPostgres(k.data, 0, "secret"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.server.Stop() })
	admin, err := k.server.CreateDatabase("killed", "secret")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(killFirstLink))
	f := &folder{dir: t.TempDir(), tenant: storetest.In(t, admin), bucket: officetest.BucketSettings(t), settings: contract.Settings{
		TenantID: "test", DisplayName: "云杉科技有限公司", URL: "http://" + killHost, Release: "0.1.0",
		Locale: "zh-CN", Timezone: "Asia/Shanghai", Outbound: true, DataEpoch: 1, FirstAdminTokenSHA256: hex.EncodeToString(sum[:]),
	}}
	f.write(t, contract.FileSettings, f.settings)
	f.write(t, contract.FileBucket, f.bucket)
	f.write(t, contract.FileDatabase, f.tenant.Migrate)
	if _, err := f.run(t, "migrate", "up"); err != nil {
		t.Fatal(err)
	}
	f.write(t, contract.FileDatabase, f.tenant.App)
	k.folder = f
	k.serve()
	k.until("the app is ready", k.app.ready(t))
	k.enter()
	return k
}

func (k *killing) serve() {
	k.t.Helper()
	k.app = k.folder.serve(k.t)
	k.people.Store(&k.app.people)
}

// revive starts PostgreSQL again on what it left. The port may be taken for a
// moment by what is still dying.
func (k *killing) revive() bool {
	server, err := env.StartPostgres(k.data, k.server.Port, "secret")
	if err != nil {
		return false
	}
	k.server = server
	return true
}

func (k *killing) until(what string, ok func() bool) time.Duration {
	k.t.Helper()
	return await(k.t, what, ok)
}

// more waits for further acknowledged writes.
func (k *killing) more() {
	k.t.Helper()
	enough := k.acks.Load() + killAtLeast
	k.until("writes go on", func() bool { return k.acks.Load() >= enough })
}

// enter makes the first administrator and keeps the session.
func (k *killing) enter() {
	k.t.Helper()
	form := url.Values{
		"token": {killFirstLink}, "name": {"王芳"}, "phone": {"13800000001"},
		"password": {officetest.Password}, "repeat": {officetest.Password},
	}
	answer, err := k.send(contract.PathFirstAdmin, "application/x-www-form-urlencoded", "", form.Encode())
	if err != nil {
		k.t.Fatal(err)
	}
	for _, c := range answer.Cookies() {
		if c.Name == httpapi.SessionCookie {
			k.cookie = c
		}
	}
	if k.cookie == nil {
		k.t.Fatalf("the first administrator's link answers %d without a session", answer.StatusCode)
	}
	agreed := url.Values{"answer": {"agree"}, "edition": {strconv.Itoa(privacy.Edition)}}
	if answer, err = k.send(contract.PathConsent, "application/x-www-form-urlencoded", "", agreed.Encode()); err != nil || answer.StatusCode != http.StatusSeeOther {
		k.t.Fatalf("agreeing to the texts: %v %v", answer, err)
	}
}

// write adds one person after another, each with a key of its own, and repeats what
// was not acknowledged.
func (k *killing) write(writer int) {
	for n := 0; !k.done.Load(); n++ {
		key, body := kernel.NewID().String(), fmt.Sprintf(`{"name":"w%d-%d"}`, writer, n)
		for {
			answer, err := k.send(httpapi.Prefix+"/people", "application/json", key, body)
			if err == nil && answer.StatusCode == http.StatusCreated {
				k.acks.Add(1)
				break
			}
			if err == nil && answer.StatusCode < http.StatusInternalServerError {
				k.t.Errorf("a write is refused with %d", answer.StatusCode)
				return
			}
			if k.failed.Add(1); k.t.Context().Err() != nil {
				return
			}
			time.Sleep(killPause) // leaves the machine to what is starting
		}
	}
}

func (k *killing) send(path, kind, key, body string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(k.t.Context(), http.MethodPost, "http://"+*k.people.Load()+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Host = killHost
	r.Header.Set("Content-Type", kind)
	r.Header.Set("Origin", "http://"+killHost)
	if key != "" {
		r.Header.Set(httpapi.HeaderIdempotencyKey, key)
	}
	if k.cookie != nil {
		r.AddCookie(k.cookie)
	}
	client := http.Client{Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	_, err = io.Copy(&bytes.Buffer{}, answer.Body)
	return answer, err
}

// compare counts what is in the table: writers number their people from 0 without a
// gap, so what was acknowledged is known by its number alone.
func (k *killing) compare() {
	k.t.Helper()
	conn, err := pgx.Connect(k.t.Context(), k.server.SuperuserDSN("killed"))
	if err != nil {
		k.t.Fatal(err)
	}
	defer func() { _ = conn.Close(k.t.Context()) }()
	var rows, names, doubled int64
	err = conn.QueryRow(k.t.Context(), fmt.Sprintf(`SELECT coalesce(sum(n), 0), count(*), count(*) FILTER (WHERE n > 1)
		FROM (SELECT count(*) AS n FROM %s.person WHERE name LIKE 'w%%' GROUP BY name) AS each`, k.folder.tenant.App.Schema)).Scan(&rows, &names, &doubled)
	if err != nil {
		k.t.Fatal(err)
	}
	if acks := k.acks.Load(); rows != acks || names != acks || doubled != 0 {
		k.t.Errorf("%d writes were acknowledged; the table has %d rows of %d names, %d of them more than once", acks, rows, names, doubled)
	}
}
