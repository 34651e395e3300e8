//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"atrium.dev/atrium/api/v1alpha1"
)

// evictedLimit is generous: what an evicted company of one replica waits is logged.
const evictedLimit = 15 * time.Second

// twoReplicas is a Plan for what must never stop.
const twoReplicas = `apiVersion: atrium.dev/v1alpha1
kind: Plan
metadata: {name: e2e-pair, labels: {` + mark + `: "true"}}
spec:
  replicas: 2
  resources:
    requests: {cpu: 20m, memory: 64Mi}
    limits: {cpu: "1", memory: 256Mi}
`

// TestEveryPodEvicted asks the Eviction API for each pod of platform and companies,
// one after the other, as somebody does who empties a node. The node takes pods again.
func TestEveryPodEvicted(t *testing.T) {
	apply(t, twoReplicas)
	single, pair := fresh(t, "single", "独木科技有限公司"), fresh(t, "pair", "双木科技有限公司")
	pair.plan = "e2e-pair"
	onboard(t, single, pair)
	client := strict(gatewayAddress(t))
	traffics := map[string]*traffic{}
	for _, c := range []company{single, pair} {
		origin := c.awaitReady(t, onboardingLimit).Status.URL
		eventually(t, healLimit, c.name+" to answer", func(ctx context.Context) error {
			_, err := readAll(ctx, client, origin+"/login")
			return err
		})
		traffics[c.name] = keepAsking(t, client, origin)
	}

	evicted := evictEach(t, systemNamespace, "operator")
	evicted += evictEach(t, systemNamespace, "gateway")
	evicted += evictEach(t, pair.namespace(), v1alpha1.OfficeName)
	began := time.Now()
	evicted += evictEach(t, single.namespace(), v1alpha1.OfficeName)
	if evicted < 7 {
		t.Errorf("%d pods were evicted, want 2 operators, 2 gateways, 2 offices and 1", evicted)
	}
	for _, c := range []company{single, pair} {
		settled(t, c.namespace())
	}
	settled(t, systemNamespace)

	all := traffics[pair.name].stop()
	t.Logf("two replicas: %d new connections, %d failed, at most %d ms between two answers", len(all), len(failed(all)), silence(all).Milliseconds())
	if broken := failed(all); len(broken) > 0 {
		t.Errorf("two replicas: %d of %d requests failed:%s", len(broken), len(all), summary(broken))
	}
	all = traffics[single.name].stop()
	t.Logf("one replica: %d new connections, %d failed, at most %d ms between two answers", len(all), len(failed(all)), silence(all).Milliseconds())
	early := slices.DeleteFunc(failed(all), func(h heard) bool { return h.ended.After(began) })
	if len(early) > 0 {
		t.Errorf("one replica: %d requests failed before its own pod was evicted:%s", len(early), summary(early))
	}
	if longest := silence(all); longest > evictedLimit {
		t.Errorf("one replica: no answer for %s, want at most %s:%s", longest, evictedLimit, summary(failed(all)))
	}
}

// evictEach evicts the pods of a component one by one, each once the one before has
// been replaced, and returns how many there were.
func evictEach(t testing.TB, namespace, component string) int {
	t.Helper()
	selector := v1alpha1.LabelComponent + "=" + component
	former, err := pods(t.Context(), namespace, selector)
	if err != nil {
		t.Fatal(err)
	}
	for _, pod := range former {
		// A disruption budget may say no until it has counted the last one's successor.
		eventually(t, healLimit, "the eviction of pod "+pod.Name, func(ctx context.Context) error {
			_, err := run(ctx, fmt.Sprintf(`{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":%q,"namespace":%q}}`, pod.Name, namespace),
				"create", "--raw", fmt.Sprintf("/api/v1/namespaces/%s/pods/%s/eviction", namespace, pod.Name), "-f", "-")
			return err
		})
		took := eventually(t, healLimit, "the successor of pod "+pod.Name, func(ctx context.Context) error {
			now, err := pods(ctx, namespace, selector)
			if err != nil {
				return err
			}
			if n := len(slices.DeleteFunc(now, func(p corev1.Pod) bool { return p.UID == pod.UID || !ready(p) })); n < len(former) {
				return fmt.Errorf("%d of %d pods are ready", n, len(former))
			}
			return nil
		})
		t.Logf("pod %s/%s was replaced after %.1f s", namespace, pod.Name, took.Seconds())
	}
	return len(former)
}

// settled waits until no pod of the namespace is ending.
func settled(t testing.TB, namespace string) {
	t.Helper()
	eventually(t, healLimit, "evicted pods of "+namespace+" to be gone", func(ctx context.Context) error {
		list, err := object[corev1.PodList](ctx, "pods", "-n", namespace)
		if err != nil {
			return err
		}
		for _, p := range list.Items {
			if p.DeletionTimestamp != nil {
				return fmt.Errorf("pod %s is ending", p.Name)
			}
		}
		return nil
	})
}

func ready(pod corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}
