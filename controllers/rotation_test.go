package controllers_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/rig"
)

// month is past the age at which logins are swapped, overlap past the time for
// which both work.
const (
	month   = 31 * 24 * time.Hour
	overlap = 11 * time.Minute
)

func TestRotation(t *testing.T) {
	r := rig.New(t)
	r.Operate()
	r.Create(rig.Company("acme", asks("from the start")))
	r.Healthy("acme")
	t.Run("what is new is not rotated", func(t *testing.T) { notAtOnce(t, r) })
	t.Run("on demand all credentials are new", func(t *testing.T) { onDemand(t, r) })
	t.Run("the former login is closed in time", func(t *testing.T) { formerCloses(t, r) })
	t.Run("a second one waits for the first", func(t *testing.T) { oneAtATime(t, r) })
	t.Run("by age", func(t *testing.T) { byAge(t, r) })
	t.Run("a lost Secret", func(t *testing.T) { lostSecret(t, r) })
	t.Run("cut off before the password works", func(t *testing.T) { cutOff(t, r) })
	t.Run("a long value", func(t *testing.T) { longValue(t, r) })
}

// The real app serves steady requests while its logins are swapped, ROUNDS (3)
// times, and the former one is closed: no request fails.
func TestRotationFailsNoRequest(t *testing.T) {
	rounds := 3
	if asked, err := strconv.Atoi(os.Getenv("ROUNDS")); err == nil {
		rounds = asked
	}
	r := rig.New(t)
	r.Operate()
	r.Create(rig.Company("acme"))
	r.Healthy("acme")
	o := startOffice(t, r, "acme")
	enough := o.work(4)
	for n := range rounds {
		former, before := appFile(t, r), o.requests.Load()
		value := fmt.Sprint("round-", n)
		r.Change("acme", asks(value))
		rotated(r, value)
		now := appFile(t, r)
		r.Eventually("the app has moved to "+now.User, func() bool {
			return sessions(t, r, now.User) > 0 && sessions(t, r, former.User) == 0
		}, func() string { return fmt.Sprint(sessions(t, r, former.User), " in the former login") })
		settled(t, r)
		moved := o.requests.Load()
		r.Eventually("work goes on", func() bool { return o.requests.Load() >= moved+20 }, func() string { return "" })
		if o.requests.Load()-before < 40 {
			t.Errorf("round %d saw %d requests", n, o.requests.Load()-before)
		}
	}
	enough()
	t.Logf("rotations: %d, %d requests, %d failed", rounds, o.requests.Load(), o.failed.Load())
}

// sessions of a role.
func sessions(t *testing.T, r *rig.Rig, role string) (n int) {
	t.Helper()
	r.AsSuperuser(func(conn *pgx.Conn) {
		rig.Check(t, conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE usename = $1`, role).Scan(&n))
	})
	return n
}

// asks asks for new credentials.
func asks(value string) func(*v1alpha1.Tenant) {
	return func(t *v1alpha1.Tenant) { t.Annotations = map[string]string{v1alpha1.AnnotationRotate: value} }
}

func appFile(t *testing.T, r *rig.Rig) contract.Database {
	t.Helper()
	return rig.File[contract.Database](t, r, "tenant-acme", "office-database", "database.json")
}

// letter is a or b.
func letter(d contract.Database) string { return d.User[len(d.User)-1:] }

// openLogins are the tenant's roles that may log in.
func openLogins(t *testing.T, r *rig.Rig, acme *v1alpha1.Tenant) (logins []string) {
	t.Helper()
	for _, one := range r.Left(acme.Status.ID) {
		if login, ok := strings.CutPrefix(one, "login t_"+acme.Status.ID+"_"); ok {
			logins = append(logins, login)
		}
	}
	return logins
}

// rotated waits until the tenant says that it followed a value.
func rotated(r *rig.Rig, value string) *v1alpha1.Tenant {
	r.T.Helper()
	return r.Until("acme", "has followed "+value, func(t *v1alpha1.Tenant) bool {
		return t.Status.Credentials != nil && t.Status.Credentials.Rotation == value
	})
}

// settled closes what a rotation left open.
func settled(t *testing.T, r *rig.Rig) {
	t.Helper()
	r.Now.Forward(overlap)
	r.Poke("acme")
	acme := r.Ready("acme")
	if logins := openLogins(t, r, acme); !slices.Equal(logins, []string{"app_" + letter(appFile(t, r)), "migrate"}) {
		t.Errorf("after the overlap there are the logins %v, in use is %s", logins, letter(appFile(t, r)))
	}
}

func notAtOnce(t *testing.T, r *rig.Rig) {
	acme := rotated(r, "from the start")
	if logins := openLogins(t, r, acme); !slices.Equal(logins, []string{"app_a", "migrate"}) {
		t.Errorf("a new company has the logins %v", logins)
	}
}

func onDemand(t *testing.T, r *rig.Rig) {
	before, bucket := appFile(t, r), rig.File[contract.Bucket](t, r, "tenant-acme", "office-bucket", "bucket.json")
	migrate := rig.File[contract.Database](t, r, "tenant-acme", "office-migrate", "database.json")
	since := r.Ready("acme").Status.Credentials.DatabaseSince
	session := rig.Connect(t, before)
	r.Now.Forward(time.Minute)
	r.Change("acme", asks("leak-1"))
	acme := rotated(r, "leak-1")
	after := appFile(t, r)
	if letter(before) != "a" || letter(after) != "b" || after.Password == before.Password || !since.Before(acme.Status.Credentials.DatabaseSince) {
		t.Errorf("from login %s to %s, since %s after %s", letter(before), letter(after), acme.Status.Credentials.DatabaseSince, since)
	}
	if now := rig.File[contract.Bucket](t, r, "tenant-acme", "office-bucket", "bucket.json"); now.SessionToken == bucket.SessionToken {
		t.Error("the bucket's credentials are the former ones")
	}
	renewed := rig.File[contract.Database](t, r, "tenant-acme", "office-migrate", "database.json")
	for name, d := range map[string]contract.Database{"the new login": after, "the former login, meanwhile": before, "migrations": renewed} {
		if _, err := rig.Connect(t, d).Exec(t.Context(), "SELECT 1"); err != nil {
			t.Errorf("%s does not work: %v", name, err)
		}
	}
	if _, err := session.Exec(t.Context(), "SELECT 1"); err != nil {
		t.Errorf("a session of the former login was ended: %v", err)
	}
	if refused(t, migrate) == nil {
		t.Error("the former password of migrations still works")
	}
}

// refused tries to log in.
func refused(t *testing.T, d contract.Database) error {
	t.Helper()
	config, err := pgx.ParseConfig("sslmode=disable")
	rig.Check(t, err)
	config.Host, config.Port, config.Database, config.User, config.Password = d.Host, uint16(d.Port), d.Name, d.User, d.Password
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err == nil {
		_ = conn.Close(t.Context())
	}
	return err
}

func formerCloses(t *testing.T, r *rig.Rig) {
	now := appFile(t, r)
	former := now
	former.User = strings.TrimSuffix(now.User, "b") + "a"
	r.AsSuperuser(func(conn *pgx.Conn) { // whoever had the password had a session
		_, err := conn.Exec(t.Context(), `ALTER ROLE `+former.User+` PASSWORD 'known'`)
		rig.Check(t, err)
	})
	former.Password = "known"
	thief, app := rig.Connect(t, former), rig.Connect(t, now)
	settled(t, r)
	if _, err := thief.Exec(t.Context(), "SELECT 1"); err == nil {
		t.Error("a session of the former login goes on")
	}
	if _, err := app.Exec(t.Context(), "SELECT 1"); err != nil {
		t.Errorf("a session of the login in use was ended: %v", err)
	}
}

// oneAtATime: pods may still use the former login, so it gets no other password.
func oneAtATime(t *testing.T, r *rig.Rig) {
	r.Change("acme", asks("leak-2"))
	rotated(r, "leak-2")
	first := appFile(t, r)
	r.Change("acme", asks("leak-3"))
	r.Poke("acme")
	if now := appFile(t, r); now != first {
		t.Errorf("within the overlap the login went from %s to %s", letter(first), letter(now))
	}
	r.Now.Forward(overlap)
	r.Poke("acme")
	rotated(r, "leak-3")
	if now := appFile(t, r); letter(now) == letter(first) {
		t.Error("the second rotation never came")
	}
	settled(t, r)
}

func byAge(t *testing.T, r *rig.Rig) {
	before := appFile(t, r)
	r.Now.Forward(month)
	r.Poke("acme")
	r.Until("acme", "is rotated by age", func(*v1alpha1.Tenant) bool { return letter(appFile(t, r)) != letter(before) })
	settled(t, r)
	r.API.Take()
	r.Poke("acme")
	writes := slices.DeleteFunc(ours(r.API.Take()), func(act string) bool {
		return strings.HasSuffix(act, "/office-bucket") // the store's clock was not moved: they have ended long ago
	})
	if len(writes) > 0 {
		t.Errorf("after a rotation a pass wrote %v", writes)
	}
}

// lostSecret: pods go on with what they have read, so the login in use keeps its
// password.
func lostSecret(t *testing.T, r *rig.Rig) {
	before := appFile(t, r)
	rig.Check(t, r.Client.Delete(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "tenant-acme", Name: "office-database"}}))
	r.Poke("acme")
	if now := appFile(t, r); letter(now) == letter(before) || refused(t, now) != nil {
		t.Errorf("a lost Secret gives login %s again, or one that does not work", letter(now))
	}
	if err := refused(t, before); err != nil {
		t.Errorf("what the pods have does not work any more: %v", err)
	}
	settled(t, r)
}

// cutOff: the Secret is written and the password is not.
func cutOff(t *testing.T, r *rig.Rig) {
	before := appFile(t, r)
	r.SQL.Spoil(func(act string, _ int) rig.Verdict {
		if strings.Contains(act, "LOGIN PASSWORD") {
			return rig.FailedBefore
		}
		return rig.Fine
	})
	r.Change("acme", asks("leak-4"))
	r.Until("acme", "is cut off", func(acme *v1alpha1.Tenant) bool {
		return letter(appFile(t, r)) != letter(before) && rig.Condition(acme, v1alpha1.ConditionCredentialsReady).Status == metav1.ConditionFalse
	})
	written := appFile(t, r)
	if err := refused(t, before); err != nil {
		t.Errorf("the app's login does not work: %v", err)
	}
	if refused(t, written) == nil {
		t.Error("the password works before it was given")
	}
	r.SQL.Spoil(nil)
	rotated(r, "leak-4")
	r.Ready("acme")
	if now := appFile(t, r); now != written || refused(t, now) != nil {
		t.Error("the Secret that was written is not the one that works")
	}
	settled(t, r)
}

func longValue(t *testing.T, r *rig.Rig) {
	value := strings.Repeat("长", 100)
	r.Change("acme", asks(value))
	rotated(r, strings.Repeat("长", 64))
	settled(t, r)
}
