package backup

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const keyID = "b11ca1929f9860ca"

func at(text string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", text)
	if err != nil {
		panic(err)
	}
	return t
}

func TestNext(t *testing.T) {
	october := Done{Name: "sunday", Full: true, Generation: "sunday", Epoch: "2026-10-b11ca192", KeyID: keyID, Moment: at("2026-10-25 02:00")}
	monday := Done{Name: "monday", Generation: "sunday", Epoch: "2026-10-b11ca192", KeyID: keyID, Moment: at("2026-10-26 02:00")}
	other := Done{Name: "older-key", Full: true, Generation: "older-key", Epoch: "2026-10-aaaaaaaa", KeyID: "aaaaaaaaaaaaaaaa", Moment: at("2026-10-27 02:00")}
	for name, c := range map[string]struct {
		full bool
		now  string
		done []Done
		want Lineage
	}{
		"the first":                            {false, "2026-10-25 02:00", nil, Lineage{true, "new", "2026-10-b11ca192", ""}},
		"an incremental":                       {false, "2026-10-27 02:00", []Done{monday, october}, Lineage{false, "sunday", "2026-10-b11ca192", "monday"}},
		"an incremental in a new month":        {false, "2026-11-01 02:00", []Done{october, monday}, Lineage{false, "sunday", "2026-10-b11ca192", "monday"}},
		"a full one in the same month":         {true, "2026-10-28 02:00", []Done{october, monday}, Lineage{true, "new", "2026-10-b11ca192", "monday"}},
		"a full one in a new month":            {true, "2026-11-01 02:00", []Done{october, monday}, Lineage{true, "new", "2026-11-b11ca192", ""}},
		"an incremental after another key's":   {false, "2026-10-28 02:00", []Done{other}, Lineage{true, "new", "2026-10-b11ca192", ""}},
		"an incremental beside another key's":  {false, "2026-10-28 02:00", []Done{other, october}, Lineage{false, "sunday", "2026-10-b11ca192", "sunday"}},
		"the month is that of UTC, not of now": {true, "2026-11-01 00:00", []Done{october}, Lineage{true, "new", "2026-11-b11ca192", ""}},
	} {
		if diff := cmp.Diff(c.want, Next("new", c.full, keyID, at(c.now), c.done)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestTurn(t *testing.T) {
	me := Waiting{Name: "me", TenantID: "acme", Database: "d", Store: "s", Created: at("2026-11-01 02:00")}
	running := func(name, tenant, database, store string) Waiting {
		return Waiting{Name: name, TenantID: tenant, Database: database, Store: store, Created: at("2026-11-01 01:00"), AtWork: true}
	}
	pending := func(name, tenant, created string) Waiting {
		return Waiting{Name: name, TenantID: tenant, Created: at(created)}
	}
	for name, c := range map[string]struct {
		all  []Waiting
		want string
	}{
		"nobody else":                 {[]Waiting{me}, ""},
		"the same company's at work":  {[]Waiting{me, running("a", "acme", "d", "s")}, "backup a of the same company is at work"},
		"the same company's earlier":  {[]Waiting{me, pending("z", "acme", "2026-11-01 01:59")}, "backup z of the same company comes first"},
		"made at the same time":       {[]Waiting{me, pending("a", "acme", "2026-11-01 02:00")}, "backup a of the same company comes first"},
		"the same company's later":    {[]Waiting{me, pending("z", "acme", "2026-11-01 02:00")}, ""},
		"others, of other servers":    {[]Waiting{me, running("a", "b", "e", "u"), running("b", "c", "e", "u"), running("c", "e", "e", "u")}, ""},
		"the database is at its most": {[]Waiting{me, running("a", "b", "d", "u"), running("b", "c", "d", "u")}, "2 backups read from DatabaseServer d, and no more do at a time"},
		"the store is at its most": {
			[]Waiting{me, running("a", "b", "e", "s"), running("b", "c", "f", "s"), running("c", "e", "g", "s"), running("d", "f", "h", "s")},
			"4 backups write to ObjectStore s, and no more do at a time",
		},
	} {
		if got := Turn(me, c.all); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
