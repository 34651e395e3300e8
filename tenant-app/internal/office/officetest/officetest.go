// Package officetest starts the real app for tests: its router behind TLS, a
// migrated schema on PostgreSQL, a bucket on MinIO when asked for, and browsers
// with cookies. The clock and the settings can be turned.
package officetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/blob"
	"atrium.dev/atrium/tenant-app/internal/office"
	"atrium.dev/atrium/tenant-app/internal/store"
	"atrium.dev/atrium/tenant-app/internal/store/storetest"
	"atrium.dev/atrium/test/env"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// FirstToken is the token of the first administrator's link.
const FirstToken = "first-link-token-of-these-tests-0123456789"

// Release is the release that the app believes it is.
const Release = "0.1.0"

// Office is a running app.
type Office struct {
	URL    string
	DB     *store.DB
	Tenant storetest.Tenant
	Bucket *blob.Bucket // nil unless WithBucket
	App    *office.Office

	server *httptest.Server

	mu       sync.Mutex
	settings contract.Settings
	keys     contract.Keys
	shift    time.Duration
	logs     bytes.Buffer
}

// Option changes what Start makes.
type Option func(t testing.TB, o *Office, p *office.Parts)

// WithBucket adds an empty bucket on MinIO.
func WithBucket(t testing.TB, o *Office, p *office.Parts) {
	o.Bucket = Bucket(t)
	p.Bucket = o.Bucket
}

// WithPage serves files as the built page.
func WithPage(files fs.FS) Option {
	return func(_ testing.TB, _ *Office, p *office.Parts) { p.Page = files }
}

// Start runs the app of a company that nobody has entered yet.
func Start(t testing.TB, options ...Option) *Office {
	t.Helper()
	return StartIn(t, storetest.New(t), options...)
}

// StartIn runs the app on a place in the database that may hold a company already.
func StartIn(t testing.TB, tenant storetest.Tenant, options ...Option) *Office {
	t.Helper()
	sum := sha256.Sum256([]byte(FirstToken))
	o := &Office{Tenant: tenant, DB: storetest.OpenTenant(t, tenant)}
	o.server = httptest.NewUnstartedServer(nil)
	o.URL = "https://" + o.server.Listener.Addr().String()
	o.settings = contract.Settings{
		TenantID: "test", DisplayName: "云杉科技有限公司", URL: o.URL, Release: Release, Locale: "zh-CN",
		Timezone: "Asia/Shanghai", Outbound: true, DataEpoch: 1, FirstAdminTokenSHA256: hex.EncodeToString(sum[:]),
		AdminContact: contract.Contact{Name: "王芳", Phone: "13800000001", Mail: "it@acme.example"},
	}
	o.Turn(1)
	parts := office.Parts{
		DB: o.DB, Settings: o.Settings, Keys: o.Keys, Clock: o.Now, Release: Release, Page: fstest.MapFS{},
		Log: slog.New(slog.NewJSONHandler(lockedWriter{o}, nil)),
	}
	for _, option := range options {
		option(t, o, &parts)
	}
	o.App = office.New(parts)
	o.server.Config.Handler = o.App.Server.Handler()
	o.server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	o.work(t)
	o.server.StartTLS()
	t.Cleanup(o.server.Close)
	t.Cleanup(o.App.Live.Drain)
	return o
}

// work runs the worker until the server has closed.
func (o *Office) work(t testing.TB) {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	rested := make(chan struct{})
	go func() {
		defer close(rested)
		o.App.Jobs.Run(ctx)
	}()
	t.Cleanup(func() { stop(); <-rested })
}

// Settle waits until no job is due or being done at the app's time. One that failed
// is due later.
func (o *Office) Settle(t testing.TB) {
	t.Helper()
	for limit := time.Now().Add(time.Minute); ; time.Sleep(2 * time.Millisecond) {
		var due []string
		err := o.DB.Q(t.Context()).NewRaw("SELECT kind FROM job WHERE dead_at IS NULL AND (run_at <= ? OR leased_until IS NOT NULL)", o.Now()).Scan(t.Context(), &due)
		if err != nil {
			t.Fatal(err)
		}
		if len(due) == 0 {
			return
		}
		if time.Now().After(limit) {
			t.Fatalf("after a minute there are still jobs: %v", due)
		}
	}
}

// Index waits until all that was written can be found.
func (o *Office) Index(t testing.TB) {
	t.Helper()
	o.Settle(t)
	o.Wait(2 * time.Second)
	o.Settle(t)
}

// Bucket makes an empty bucket on MinIO.
func Bucket(t testing.TB) *blob.Bucket {
	t.Helper()
	settings := BucketSettings(t)
	bucket, err := blob.Open(settings, func() (contract.Bucket, error) { return settings, nil })
	if err != nil {
		t.Fatal(err)
	}
	return bucket
}

// BucketSettings makes an empty bucket on MinIO and tells how to reach it.
func BucketSettings(t testing.TB) contract.Bucket {
	t.Helper()
	server := env.MinIO(t)
	name := "office-" + hex.EncodeToString([]byte(time.Now().Format("150405.000000000")))
	client, err := minio.New(server.Endpoint[len("http://"):], &minio.Options{Creds: credentials.NewStaticV4(server.AccessKey, server.SecretKey, "")})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.MakeBucket(t.Context(), name, minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
	return contract.Bucket{
		Endpoint: server.Endpoint, Region: "us-east-1", Name: name, PathStyle: true,
		AccessKey: server.AccessKey, SecretKey: server.SecretKey,
	}
}

// Settings are the settings as they are now.
func (o *Office) Settings() contract.Settings {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.settings
}

// Change turns the settings.
func (o *Office) Change(change func(*contract.Settings)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	change(&o.settings)
}

// Keys are the keys as they are now.
func (o *Office) Keys() contract.Keys {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.keys
}

// Turn makes keys from these bytes, the first of which seals.
func (o *Office) Turn(keys ...byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.keys = contract.Keys{}
	for _, b := range keys {
		o.keys.Seal = append(o.keys.Seal, contract.SealKey{ID: fmt.Sprintf("key%d", b), Key: bytes.Repeat([]byte{b}, contract.KeySize)})
	}
}

// Now is the app's time.
func (o *Office) Now() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return time.Now().UTC().Add(o.shift).Truncate(time.Microsecond)
}

// Wait moves the app's time on, and the worker with it.
func (o *Office) Wait(d time.Duration) {
	o.mu.Lock()
	o.shift += d
	o.mu.Unlock()
	o.App.Jobs.Wake()
}

// Logs are the lines that the app has written.
func (o *Office) Logs() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.logs.String()
}

type lockedWriter struct{ o *Office }

func (w lockedWriter) Write(p []byte) (int, error) {
	w.o.mu.Lock()
	defer w.o.mu.Unlock()
	return w.o.logs.Write(p)
}

// Exec runs a statement behind the app's back.
func (o *Office) Exec(t testing.TB, statement string, args ...any) {
	t.Helper()
	if _, err := o.DB.Q(context.WithoutCancel(t.Context())).NewRaw(statement, args...).Exec(t.Context()); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// Scan reads one row behind the app's back.
func (o *Office) Scan(t testing.TB, statement string, into ...any) {
	t.Helper()
	if err := o.DB.Q(t.Context()).NewRaw(statement).Scan(t.Context(), into...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}
