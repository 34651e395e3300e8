//go:build e2e && soak

package e2e

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// soak is a run of many rounds. It is kept in the cache after each round, so that
// the same seed on the same commit goes on where it stopped.
type soak struct {
	Seed    int64   `json:"seed"`
	Commit  string  `json:"commit"`
	Started string  `json:"started"`
	Rounds  []round `json:"rounds"`
}

var faults = []fault{
	{"app killed", office(kill)},
	{"app pod deleted", office(deletePod)},
	{"PostgreSQL killed", system("postgres", kill)},
	{"PostgreSQL pod deleted", system("postgres", deletePod)},
	{"MinIO killed", system("minio", kill)},
	{"gateway replica killed", system("gateway", kill)},
	{"gateway pod deleted", system("gateway", deletePod)},
	{"operator's leader killed", func(ctx context.Context, _ company) ([]corev1.Pod, error) {
		pod, _, err := leader(ctx)
		if err != nil {
			return nil, err
		}
		return []corev1.Pod{pod}, kill(pod)
	}},
	{"PostgreSQL and app killed together", both},
}

// TestSoak runs ROUNDS faults that SEED picks, one after another, while somebody
// keeps adding people: nobody whose adding was acknowledged may be missing, and
// nobody may be there twice.
func TestSoak(t *testing.T) {
	rounds, seed := number(t, "ROUNDS", 20), number(t, "SEED", time.Now().UTC().Unix()/86400)
	s := resume(t, seed)
	t.Logf("%d rounds, SEED=%d, commit %s, %d done before", rounds, seed, s.Commit, len(s.Rounds))
	c := fresh(t, "soak", "久经考验有限公司")
	onboard(t, c)
	admin := c.activate(t)
	acknowledged := map[string]bool{}
	for n := len(s.Rounds); n < int(rounds); n++ {
		random := rand.New(rand.NewPCG(uint64(seed), uint64(n))) //nolint:gosec // to be repeatable is the point
		r := runRound(t, c, admin, faults[random.IntN(len(faults))], n, acknowledged)
		t.Logf("round %d: %s, healed after %.1f s, %d people added, %d lost, %d twice", n+1, r.Fault, r.Healed, r.Added, r.Lost, r.Twice)
		s.Rounds = append(s.Rounds, r)
		s.keep(t)
		if r.Lost > 0 || r.Twice > 0 {
			t.Errorf("round %d broke a promise; repeat it with SEED=%d", n+1, seed)
		}
	}
	s.publish(t)
}

func (s *soak) file(t testing.TB) string {
	return filepath.Join(resultsDir(t), fmt.Sprintf("soak-%d.json", s.Seed))
}

// resume reads a run with this seed that was interrupted, if its commit is this one.
func resume(t testing.TB, seed int64) *soak {
	t.Helper()
	fresh := &soak{Seed: seed, Commit: commit(t), Started: time.Now().UTC().Format(time.DateOnly)}
	raw, err := os.ReadFile(fresh.file(t))
	if errors.Is(err, fs.ErrNotExist) {
		return fresh
	}
	if err != nil {
		t.Fatal(err)
	}
	var kept soak
	if err := json.Unmarshal(raw, &kept); err != nil || kept.Commit != fresh.Commit {
		return fresh
	}
	return &kept
}

func (s *soak) keep(t testing.TB) {
	t.Helper()
	raw, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.file(t), raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

// publish writes the finished run into docs/results, and forgets it, so that the
// same seed begins anew.
func (s *soak) publish(t testing.TB) {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "# Soak: %d faults\n\n", len(s.Rounds))
	fmt.Fprintf(&b, "Commit %s, begun %s, seed %d, %s. Command: `make soak ROUNDS=%d SEED=%d`.\n", s.Commit, s.Started, s.Seed, machine(), len(s.Rounds), s.Seed)
	fmt.Fprintf(&b, "While each fault is done and healed, people are added through the gateway; lost and twice count those whose adding was acknowledged.\n\n")
	fmt.Fprintf(&b, "| round | fault | healed after | added | lost | twice |\n|---|---|---|---|---|---|\n")
	var total round
	for i, r := range s.Rounds {
		fmt.Fprintf(&b, "| %d | %s | %.1f s | %d | %d | %d |\n", i+1, r.Fault, r.Healed, r.Added, r.Lost, r.Twice)
		total.Added, total.Lost, total.Twice = total.Added+r.Added, max(total.Lost, r.Lost), max(total.Twice, r.Twice)
		total.Healed = max(total.Healed, r.Healed)
	}
	fmt.Fprintf(&b, "| **all** | | slowest %.1f s | %d | %d | %d |\n", total.Healed, total.Added, total.Lost, total.Twice)
	publish(t, fmt.Sprintf("soak-%s-%d", cmp.Or(s.Started, "undated"), s.Seed), b.String())
	if err := os.Remove(s.file(t)); err != nil {
		t.Error(err)
	}
}
