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

	"atrium.dev/atrium/api/v1alpha1"
)

// soakHealLimit is longer than healLimit: kubelet waits up to five minutes before
// it starts a container again that was killed many times.
const soakHealLimit = 8 * time.Minute

// soak is a run of many rounds. It is kept in the cache after each round, so that
// the same seed on the same commit goes on where it stopped.
type soak struct {
	Seed    int64   `json:"seed"`
	Commit  string  `json:"commit"`
	Started string  `json:"started"`
	Rounds  []round `json:"rounds"`
}

// round is one fault and what came of it.
type round struct {
	Fault  string  `json:"fault"`
	Healed float64 `json:"healed"` // seconds until the company answered, was Ready and Healthy
	Added  int     `json:"added"`  // people whose adding was acknowledged during this round
	Lost   int     `json:"lost"`   // of all that were ever acknowledged
	Twice  int     `json:"twice"`  // people who are there twice
}

// fault does harm to the running platform or to the company's own pods.
type fault struct {
	name string
	do   func(context.Context, company) ([]corev1.Pod, error) // says which pods it harmed
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
	{"PostgreSQL and app killed together", func(ctx context.Context, c company) ([]corev1.Pod, error) {
		database, err := system("postgres", kill)(ctx, c)
		if err != nil {
			return nil, err
		}
		app, err := office(kill)(ctx, c)
		return append(database, app...), err
	}},
}

// office harms the company's own app.
func office(harm func(corev1.Pod) error) func(context.Context, company) ([]corev1.Pod, error) {
	return func(ctx context.Context, c company) ([]corev1.Pod, error) {
		return first(ctx, c.namespace(), v1alpha1.OfficeName, harm)
	}
}

// system harms one pod of the platform or of the servers below it.
func system(component string, harm func(corev1.Pod) error) func(context.Context, company) ([]corev1.Pod, error) {
	return func(ctx context.Context, _ company) ([]corev1.Pod, error) {
		return first(ctx, systemNamespace, component, harm)
	}
}

func first(ctx context.Context, namespace, component string, harm func(corev1.Pod) error) ([]corev1.Pod, error) {
	found, err := pods(ctx, namespace, v1alpha1.LabelComponent+"="+component)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("no pod of %s runs in %s", component, namespace)
	}
	if err != nil {
		return nil, err
	}
	return found[:1], harm(found[0])
}

func deletePod(pod corev1.Pod) error {
	_, err := run(context.Background(), "", "delete", "pod", pod.Name, "-n", pod.Namespace, "--grace-period=0", "--force", "--wait=false")
	return err
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

// runRound does one fault while people are added, and counts when all is well.
func runRound(t *testing.T, c company, admin *visitor, f fault, n int, acknowledged map[string]bool) round {
	t.Helper()
	writing, stop := context.WithCancel(t.Context())
	added := make(chan []string)
	go func() { added <- addPeople(writing, admin.clone(), n) }()
	defer stop()
	harmed, err := f.do(t.Context(), c)
	if err != nil {
		t.Fatalf("round %d: %s: %v", n+1, f.name, err)
	}
	took := eventually(t, soakHealLimit, fmt.Sprintf("round %d (%s) to heal", n+1, f.name), func(ctx context.Context) error {
		for _, pod := range harmed {
			if err := recovered(ctx, pod); err != nil {
				return err
			}
		}
		if _, err := admin.people(ctx); err != nil {
			return err
		}
		if _, _, err := leader(ctx); err != nil {
			return err
		}
		tenant, err := c.tenant(ctx)
		if err != nil {
			return err
		}
		return errors.Join(isTrue(tenant, v1alpha1.ConditionReady), isTrue(tenant, v1alpha1.ConditionHealthy))
	})
	stop()
	r := round{Fault: f.name, Healed: float64(took.Milliseconds()) / 1000}
	for _, name := range <-added {
		acknowledged[name] = true
		r.Added++
	}
	now, err := admin.people(t.Context())
	if err != nil {
		t.Fatalf("round %d: %v", n+1, err)
	}
	for name := range acknowledged {
		if now[name] == 0 {
			r.Lost++
		}
	}
	for name, count := range now {
		if count > 1 {
			t.Logf("%s is there %d times", name, count)
			r.Twice++
		}
	}
	return r
}

// addPeople adds one person after another until the context ends, repeats with the
// same key what was not acknowledged, and returns those that were.
func addPeople(ctx context.Context, admin *visitor, n int) []string {
	tick := time.NewTicker(300 * time.Millisecond)
	defer tick.Stop()
	var done []string
	for ctx.Err() == nil {
		name := fmt.Sprintf("第%d轮第%d位", n+1, len(done)+1)
		if err := admin.addPerson(ctx, name); err == nil {
			done = append(done, name)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	return done
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
