package registry

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/postgres"
	"atrium.dev/atrium/test/env"
)

// dial returns an empty database's server and a row for a tenant on it.
func dial(t *testing.T) (*postgres.Server, Row) {
	t.Helper()
	db := env.Postgres(t)
	servers := postgres.NewServers(nil)
	t.Cleanup(servers.Close)
	s, err := servers.Get(t.Context(), postgres.Config{
		Name: "main", Host: db.Host, Port: int32(db.Port), Database: db.Name, User: db.User, Password: db.Password, SSLMode: "disable",
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, Row{ID: "abcdefghij", Name: "acme", State: Active, Store: "minio", Bucket: "demo-abcdefghij", Target: "0.1.0"}
}

func nothing(pgx.Tx, *Row) error { return nil }

func TestOnlyTheLatestOperatorWrites(t *testing.T) {
	s, row := dial(t)
	former, latter := New("demo", "cluster"), New("demo", "cluster")
	if _, err := former.Insert(t.Context(), s, row); err != nil {
		t.Fatal(err)
	}
	if err := former.Locked(t.Context(), s, row.ID, nothing); err != nil {
		t.Fatalf("the only operator: %v", err)
	}
	if err := latter.Take(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	ran := false
	attempts := map[string]error{
		"Locked":    former.Locked(t.Context(), s, row.ID, func(pgx.Tx, *Row) error { ran = true; return nil }),
		"Insert":    inserted(former.Insert(t.Context(), s, Row{ID: "bbbbbbbbbb", Name: "globex", State: Active})),
		"Heartbeat": former.Heartbeat(t.Context(), s, time.Now()),
	}
	for what, err := range attempts {
		if !fault.Is(err, v1alpha1.ReasonFenceLost) {
			t.Errorf("%s of the former operator: %v, want FenceLost", what, err)
		}
	}
	if ran {
		t.Error("the former operator's step ran")
	}
	if err := latter.Locked(t.Context(), s, row.ID, nothing); err != nil {
		t.Errorf("the latter operator: %v", err)
	}
}

func inserted(_ Row, err error) error { return err }

func TestRowsSurvive(t *testing.T) {
	s, row := dial(t)
	r := New("demo", "cluster")
	row, err := r.Insert(t.Context(), s, row)
	if err != nil {
		t.Fatal(err)
	}
	if row.DataEpoch != 1 {
		t.Errorf("a new tenant's data epoch is %d, want 1", row.DataEpoch)
	}
	row.Schema, row.Release, row.AppDigest, row.BucketMade = "t_abcdefghij_1", "0.1.0", []byte{1}, true
	row.DataEpoch, row.Hold, row.Restored, row.Source = 2, "restore/back", "acme-monday", "zyxwvutsrq"
	err = r.Locked(t.Context(), s, row.ID, func(_ pgx.Tx, now *Row) error { *now = row; return nil })
	if err != nil {
		t.Fatal(err)
	}
	look := func(name string) []Row {
		t.Helper()
		found, err := r.Lookup(t.Context(), s, name)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	if diff := cmp.Diff([]Row{row}, look("acme")); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if found, err := New("other", "cluster").Lookup(t.Context(), s, "acme"); err != nil || len(found) > 0 {
		t.Errorf("another installation sees %v, %v", found, err)
	}
	drop := func(_ pgx.Tx, now *Row) error { now.State = Dropped; return nil }
	if err := r.Locked(t.Context(), s, row.ID, drop); err != nil || len(look("acme")) > 0 {
		t.Errorf("a dropped tenant is found: %v, %v", look("acme"), err)
	}
}

// A registry that an earlier operator made gets what this one adds, and its rows stay.
func TestAnEarlierRegistryIsBroughtUpToDate(t *testing.T) {
	s, row := dial(t)
	row, err := New("demo", "cluster").Insert(t.Context(), s, row)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Pool().Exec(t.Context(), `ALTER TABLE atrium.tenants DROP data_epoch, DROP hold, DROP restored, DROP source`); err != nil {
		t.Fatal(err)
	}
	s.Pool().Reset() // no statement of the table as it was
	found, err := New("demo", "cluster").Lookup(t.Context(), s, "acme")
	if diff := cmp.Diff([]Row{row}, found); err != nil || diff != "" {
		t.Errorf("%v, rows (-want +got):\n%s", err, diff)
	}
}

// An epoch is another than any that the rows of whichever company can have seen.
func TestEpochsGrow(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	row := Row{DataEpoch: 1}
	for _, want := range []int64{1_800_000_000, 1_800_000_001, 1_800_000_002} {
		if row.NextEpoch(now); row.DataEpoch != want {
			t.Errorf("epoch %d, want %d", row.DataEpoch, want)
		}
	}
}

func TestNothingChangedIsNothingWritten(t *testing.T) {
	s, row := dial(t)
	r := New("demo", "cluster")
	if _, err := r.Insert(t.Context(), s, row); err != nil {
		t.Fatal(err)
	}
	version := func() (xmin string) {
		t.Helper()
		if err := s.Pool().QueryRow(t.Context(), `SELECT ctid::text FROM atrium.tenants`).Scan(&xmin); err != nil {
			t.Fatal(err)
		}
		return xmin
	}
	before := version()
	if err := r.Locked(t.Context(), s, row.ID, nothing); err != nil || version() != before {
		t.Errorf("an unchanged row was written: %v", err)
	}
	stop := errors.New("stop")
	err := r.Locked(t.Context(), s, row.ID, func(_ pgx.Tx, now *Row) error { now.Name = "x"; return stop })
	if err == nil || version() != before {
		t.Errorf("a step that failed wrote its row: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	s, row := dial(t)
	r := New("demo", "cluster")
	if _, err := r.Insert(t.Context(), s, row); err != nil {
		t.Fatal(err)
	}
	if err := r.Locked(t.Context(), s, "zzzzzzzzzz", nothing); !fault.Is(err, v1alpha1.ReasonServerNotFound) {
		t.Errorf("an unknown tenant: %v, want ServerNotFound", err)
	}
	twin := row
	twin.ID = "bbbbbbbbbb"
	if _, err := r.Insert(t.Context(), s, twin); err == nil {
		t.Error("two active tenants have one name")
	}
	other := New("other", "cluster")
	if err := other.Locked(t.Context(), s, row.ID, nothing); !fault.Is(err, v1alpha1.ReasonInstallationConflict) || !strings.Contains(err.Error(), `installation "demo"`) {
		t.Errorf("another installation's tenant: %v, want InstallationConflict with its name", err)
	}
	if err := New("demo", "stranger").Take(t.Context(), s); !fault.Is(err, v1alpha1.ReasonInstallationConflict) {
		t.Errorf("another cluster: %v, want InstallationConflict", err)
	}
}

// Two DatabaseServers may lead to one database by mistake, and one may be deleted
// and made again: a process must not fence itself.
func TestOneProcessIsOneHolder(t *testing.T) {
	s, row := dial(t)
	r := New("demo", "cluster")
	if _, err := r.Insert(t.Context(), s, row); err != nil {
		t.Fatal(err)
	}
	former := r.claim("main").epoch
	r.Forget("main")
	if err := r.Take(t.Context(), s); err != nil || r.claim("main").epoch != former {
		t.Errorf("taken again: epoch %d, was %d; %v", r.claim("main").epoch, former, err)
	}
	other := New("demo", "cluster")
	if err := other.Take(t.Context(), s); err != nil || other.claim("main").epoch != former+1 {
		t.Errorf("another process: epoch %d, want %d; %v", other.claim("main").epoch, former+1, err)
	}
	ran := false
	if err := r.Leading(t.Context(), s, func(pgx.Tx) error { ran = true; return nil }); !fault.Is(err, v1alpha1.ReasonFenceLost) || ran {
		t.Errorf("the former process leads: %v, ran %v", err, ran)
	}
	if err := other.Leading(t.Context(), s, func(pgx.Tx) error { ran = true; return nil }); err != nil || !ran {
		t.Errorf("the latter process does not lead: %v", err)
	}
}

// A server that says nothing keeps nobody on another one waiting.
func TestServersWaitForThemselvesAlone(t *testing.T) {
	s, _ := dial(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	servers := postgres.NewServers(nil)
	t.Cleanup(servers.Close)
	silent, err := servers.Get(t.Context(), postgres.Config{
		Name: "silent", Host: "127.0.0.1", Port: int32(listener.Addr().(*net.TCPAddr).Port), Database: "d", User: "u", Password: "p", SSLMode: "disable",
	})
	if err != nil {
		t.Fatal(err)
	}
	r, ended := New("demo", "cluster"), make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { ended <- r.Take(ctx, silent) }()
	conn, err := listener.Accept() // it is asked now
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := r.Take(t.Context(), s); err != nil {
		t.Error(err)
	}
	select {
	case err := <-ended:
		t.Errorf("the server that answers was taken after the silent one was given up: %v", err)
	default:
	}
}

func TestSweepSeesEveryInstallation(t *testing.T) {
	s, row := dial(t)
	r := New("demo", "cluster")
	if _, err := r.Insert(t.Context(), s, row); err != nil {
		t.Fatal(err)
	}
	if alone, err := r.Alone(t.Context(), s); err != nil || !alone {
		t.Errorf("alone %v, %v", alone, err)
	}
	other := New("other", "cluster")
	twin := row
	twin.ID = "bbbbbbbbbb"
	if _, err := other.Insert(t.Context(), s, twin); err != nil {
		t.Fatal(err)
	}
	drop := func(_ pgx.Tx, now *Row) error { now.State = Dropped; return nil }
	if err := r.Locked(t.Context(), s, row.ID, drop); err != nil {
		t.Fatal(err)
	}
	got, err := r.Everyone(t.Context(), s)
	want := []Known{{row.ID, "demo", "acme", Dropped}, {twin.ID, "other", "acme", Active}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, (-want +got):\n%s", err, diff)
	}
	if alone, err := r.Alone(t.Context(), s); err != nil || alone {
		t.Errorf("alone %v, %v", alone, err)
	}
}
