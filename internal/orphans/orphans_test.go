package orphans

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var start = time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)

func TestSettle(t *testing.T) {
	var l Ledger
	steps := []struct {
		after    time.Duration
		found    string
		reported string
		want     string
	}{
		{0, "a b", "", ""},
		{9 * time.Minute, "a b", "", ""},
		{10 * time.Minute, "a", "", "a"},
		{11 * time.Minute, "a b", "a", "a"}, // b was away: it begins anew
		{21 * time.Minute, "b", "a", "b"},
		{22 * time.Minute, "c d", "d", "d"}, // reported by an operator before
	}
	for _, s := range steps {
		got := strings.Join(l.Settle(start.Add(s.after), strings.Fields(s.found), strings.Fields(s.reported)), " ")
		if got != s.want {
			t.Errorf("after %s: %q, want %q", s.after, got, s.want)
		}
	}
}

func TestOrdered(t *testing.T) {
	settled := []string{"bucket/a", "role/b", "unclaimed/acme (c)"}
	remove, refused := Ordered(" role/b,bucket/z,, role/b ,unclaimed/acme (c)", settled)
	if !slices.Equal(remove, []string{"role/b"}) || !slices.Equal(refused, []string{"bucket/z", "unclaimed/acme (c)"}) {
		t.Errorf("remove %v, refused %v", remove, refused)
	}
	if remove, refused := Ordered("", settled); len(remove)+len(refused) > 0 {
		t.Errorf("no order removes %v, refuses %v", remove, refused)
	}
}

// Tenants are retained, adopted again and dropped for ever, some ids no registry has
// ever known; sweeps come at any time and operators restart; people order whatever
// they like. Nothing of a tenant that is
// active or retained is ever removed, nothing before its grace, and nothing that was
// not ordered by its name.
func TestNothingOfALivingTenantIsRemoved(t *testing.T) {
	states := rapid.SampledFrom([]string{"active", "retained", "dropped", "unknown"})
	ids := []string{"aaaaaaaaaa", "bbbbbbbbbb", "cccccccccc"}
	kinds := []string{"bucket/demo-", "schema/t_", "role/t_", "namespace/tenant-x/", "secret/key-"}
	rapid.Check(t, func(t *rapid.T) {
		var all []string
		state, gone := map[string]string{}, map[string]time.Time{} // since when an id is not living
		for _, id := range ids {
			state[id], gone[id] = states.Draw(t, "first"), start
			for _, kind := range kinds {
				all = append(all, kind+id)
			}
		}
		ledger, now, reported := &Ledger{}, start, []string(nil)
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 8).Draw(t, "minutes")) * time.Minute)
			switch rapid.IntRange(0, 3).Draw(t, "event") {
			case 0:
				id, next := rapid.SampledFrom(ids).Draw(t, "id"), rapid.SampledFrom([]string{"active", "retained", "dropped"}).Draw(t, "state")
				if state[id] != "active" && state[id] != "retained" {
					continue
				}
				if state[id] = next; next == "dropped" {
					gone[id] = now
				}
			case 1:
				ledger = &Ledger{} // another operator leads
			default:
				living := map[string]bool{}
				for id, s := range state {
					living[id] = s == "active" || s == "retained"
				}
				var things []Thing
				for _, name := range rapid.SliceOfDistinct(rapid.SampledFrom(all), rapid.ID).Draw(t, "exists") {
					things = append(things, Thing{name, name[len(name)-10:]})
				}
				order := strings.Join(rapid.SliceOf(rapid.SampledFrom(all)).Draw(t, "order"), ",")
				reported = ledger.Settle(now, Find(things, living), reported)
				remove, _ := Ordered(order, reported)
				for _, name := range remove {
					id := name[len(name)-10:]
					switch {
					case living[id]:
						t.Fatalf("%s of a tenant that is %s is removed", name, state[id])
					case now.Sub(gone[id]) < Grace:
						t.Fatalf("%s is removed %s after its tenant went", name, now.Sub(gone[id]))
					case !strings.Contains(order, name):
						t.Fatalf("%s is removed, and nobody ordered it", name)
					}
				}
			}
		}
	})
}
