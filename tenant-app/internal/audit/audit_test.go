package audit_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"atrium.dev/atrium/tenant-app/internal/audit"
	"atrium.dev/atrium/tenant-app/internal/auth"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
)

func prove(t *testing.T, b *officetest.Browser) audit.Proof {
	t.Helper()
	var proof audit.Proof
	b.JSON(http.MethodGet, "/audit/proof", nil).Want(http.StatusOK).Into(&proof)
	return proof
}

type page struct {
	Items []audit.Record
	Next  string
}

func list(t *testing.T, b *officetest.Browser, query string) page {
	t.Helper()
	var p page
	b.JSON(http.MethodGet, "/audit"+query, nil).Want(http.StatusOK).Into(&p)
	return p
}

func events(p page) string {
	var out []string
	for _, e := range p.Items {
		out = append(out, e.Event)
	}
	return strings.Join(out, " ")
}

func TestAuditorsSeeWhoDidWhat(t *testing.T) {
	o := officetest.Start(t)
	admin := o.Administrator(t)
	zhang, own := admin.Staff(auth.NewPerson{Name: "张伟", Phone: "+8613800000002"})
	own.JSON(http.MethodGet, "/audit", nil).Want(http.StatusForbidden)
	own.JSON(http.MethodGet, "/audit/proof", nil).Want(http.StatusForbidden)
	admin.JSON(http.MethodPut, "/people/"+zhang.String()+"/administrator", map[string]any{"administrator": true}).Want(http.StatusOK)
	all := list(t, admin, "")
	if got := events(all); got != "administrator_changed consent_given password_set_by_code invited consent_given first_administrator" {
		t.Fatalf("events are %s", got)
	}
	changed := all.Items[0]
	if changed.Person != "王芳" || changed.Object != "张伟" || *changed.ObjectID != zhang || changed.Details["administrator"] != true || changed.Address != "203.0.113.7" || changed.Request == "" {
		t.Errorf("an entry is %+v", changed)
	}
	if got := events(list(t, admin, "?object="+zhang.String()+"&event=invited")); got != "invited" {
		t.Errorf("filtered: %s", got)
	}
	if got := events(list(t, admin, "?to="+changed.At.Format(time.RFC3339Nano))); strings.Contains(got, "administrator_changed") || got == "" {
		t.Errorf("before the change: %s", got)
	}
	first := list(t, admin, "?limit=5")
	if rest := list(t, admin, "?limit=5&cursor="+first.Next); events(rest) != "first_administrator" || rest.Next != "" {
		t.Errorf("second page: %s", events(rest))
	}
	admin.JSON(http.MethodGet, "/audit?cursor=nonsense", nil).Want(http.StatusBadRequest)
	admin.JSON(http.MethodGet, "/audit?event=%00", nil).Want(http.StatusOK)
}

// What is rolled back has not happened.
func TestAnEntryGoesWithItsChange(t *testing.T) {
	o := officetest.Start(t)
	admin := o.Administrator(t)
	boom := errors.New("boom")
	err := o.DB.InTx(t.Context(), func(ctx context.Context) error {
		if err := o.App.Audit.Write(ctx, "rolled_back", kernel.NewID(), nil); err != nil {
			return err
		}
		return boom
	})
	if !errors.Is(err, boom) {
		t.Fatal(err)
	}
	if got := events(list(t, admin, "")); got != "consent_given first_administrator" {
		t.Errorf("events are %s", got)
	}
}

// Each minute what is new is chained; whatever is done to a sealed entry shows.
func TestTheChainHasNoGap(t *testing.T) {
	o := officetest.Start(t)
	admin := o.Administrator(t)
	write := func(n int) {
		t.Helper()
		for range n {
			if err := o.App.Audit.Write(t.Context(), "tested", kernel.NewID(), map[string]any{"text": "一\x00'\\"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	write(3)
	if proof := prove(t, admin); proof.Unsealed != 5 || proof.Entries != 0 {
		t.Fatalf("before the first seal: %+v", proof)
	}
	o.Wait(time.Minute)
	o.Settle(t)
	write(3)
	o.Wait(time.Minute)
	o.Settle(t)
	proof := prove(t, admin)
	if proof.Entries != 8 || proof.First != 1 || proof.Last != 8 || proof.Unsealed != 0 || proof.BrokenAt != 0 || !strings.Contains(o.Logs(), proof.Hash) {
		t.Fatalf("after two seals: %+v", proof)
	}
	for name, c := range map[string]struct {
		statement string
		broken    int64
	}{
		"changed":          {"UPDATE audit_entry SET event = 'harmless' WHERE no = 3", 3},
		"taken out":        {"DELETE FROM audit_entry WHERE no = 6", 6},
		"the last is gone": {"DELETE FROM audit_entry WHERE no = 8", 8},
		"slipped in":       {"INSERT INTO audit_entry (id, no, hash, event, person, details, address, agent, request, at) VALUES (gen_random_uuid(), 9, 'x', 'e', '', '{}', '', '', '', now())", 9},
		"a seal is gone":   {"DELETE FROM audit_seal WHERE last_no = 5", 1},
		"all seals gone":   {"DELETE FROM audit_seal", 1},
		"rewritten":        {"UPDATE audit_entry SET at = at - interval '1 hour', hash = 'x' WHERE no = 2", 2},
	} {
		boom := errors.New("back")
		err := o.DB.InTx(t.Context(), func(ctx context.Context) error {
			if _, err := o.DB.Q(ctx).NewRaw(c.statement).Exec(ctx); err != nil {
				return err
			}
			proof, err := o.App.Audit.Prove(ctx)
			if err != nil {
				return err
			}
			if proof.BrokenAt != c.broken {
				t.Errorf("%s: broken at %d, want %d", name, proof.BrokenAt, c.broken)
			}
			return boom
		})
		if !errors.Is(err, boom) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if proof := prove(t, admin); proof.BrokenAt != 0 {
		t.Errorf("untouched: %+v", proof)
	}
}

// The law asks for half a year; what is forgotten does not break the chain.
func TestEntriesAreKeptLongAndThenForgotten(t *testing.T) {
	if audit.Keep < 180*24*time.Hour {
		t.Errorf("kept for %s", audit.Keep)
	}
	o := officetest.Start(t)
	admin := o.Administrator(t)
	o.Wait(time.Minute)
	o.Settle(t)
	o.Wait(audit.Keep - time.Hour)
	o.Settle(t)
	var entries int
	count := func() int { o.Scan(t, "SELECT count(*) FROM audit_entry", &entries); return entries }
	if count() != 2 {
		t.Fatalf("%d entries before the time is up", entries)
	}
	o.Wait(48 * time.Hour)
	o.Settle(t)
	if count() != 0 {
		t.Fatalf("%d entries after the time is up", entries)
	}
	if err := o.App.Audit.Write(t.Context(), "tested", kernel.NoID, nil); err != nil {
		t.Fatal(err)
	}
	o.Wait(time.Minute)
	o.Settle(t)
	admin.SignIn("A001", officetest.Password) // its session ended long ago
	if proof := prove(t, admin); proof.BrokenAt != 0 || proof.First != 3 || proof.Last != 3 {
		t.Errorf("the chain goes on: %+v", proof)
	}
}
