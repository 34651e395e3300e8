package export

import (
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// The age grows from the first look on while none is well, and from the last that was.
func TestAge(t *testing.T) {
	now := time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC)
	r := &Reconciler{Now: func() time.Time { return now }}
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(r); err != nil {
		t.Fatal(err)
	}
	const none = -1
	for _, step := range []struct {
		look string
		do   func()
		want float64 // seconds
	}{
		{"nothing was looked at", func() {}, none},
		{"the first look fails", func() { r.looked("backup", false) }, 0},
		{"so does the next", func() { r.looked("backup", false) }, 600},
		{"one is well", func() { r.looked("backup", true) }, 0},
		{"the next fails", func() { r.looked("backup", false) }, 600},
		{"it keeps backups no more", func() { r.forget("backup") }, none},
	} {
		now = now.Add(10 * time.Minute)
		step.do()
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		got := float64(none)
		if len(families) == 1 {
			got = families[0].GetMetric()[0].GetGauge().GetValue()
		}
		if got != step.want {
			t.Errorf("%s: %v seconds, want %v", step.look, got, step.want)
		}
	}
}

// What changes all day pushes out none of the days before.
func TestExpired(t *testing.T) {
	var names []string
	today := time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC)
	for day := range 40 {
		names = append(names, prefix+today.AddDate(0, 0, -day).Format(stamped)+"-abc"+suffix)
	}
	for n := range 40 {
		names = append(names, prefix+today.Add(time.Duration(n+1)*time.Minute).Format(stamped)+fmt.Sprintf("-%d", n)+suffix)
	}
	gone := map[string]bool{}
	for _, name := range expired(names) {
		gone[name] = true
	}
	if len(gone) != 10+11 { // of the 39 days before, and of the 41 of today
		t.Errorf("%d of %d go, want 21", len(gone), len(names))
	}
	for i, name := range names {
		stays := i >= 1 && i < 30 || i >= 50
		if gone[name] == stays {
			t.Errorf("%s goes: %v", name, gone[name])
		}
	}
}
