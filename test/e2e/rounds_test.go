//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"atrium.dev/atrium/api/v1alpha1"
)

// roundLimit is longer than healLimit: kubelet waits up to five minutes before
// it starts a container again that was killed many times.
const roundLimit = 8 * time.Minute

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

// office harms the company's own app.
func office(harm func(corev1.Pod) error) func(context.Context, company) ([]corev1.Pod, error) {
	return func(ctx context.Context, c company) ([]corev1.Pod, error) {
		return first(ctx, c.namespace(), v1alpha1.OfficeName, harm)
	}
}

// both kills the database and the app at the same moment.
func both(ctx context.Context, c company) ([]corev1.Pod, error) {
	database, err := system("postgres", kill)(ctx, c)
	if err != nil {
		return nil, err
	}
	app, err := office(kill)(ctx, c)
	return append(database, app...), err
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
	took := eventually(t, roundLimit, fmt.Sprintf("round %d (%s) to heal", n+1, f.name), func(ctx context.Context) error {
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
