//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// commandLimit bounds one call of kubectl.
const commandLimit = 30 * time.Second

// systemNamespace is where the chart puts operator and gateway.
const systemNamespace = "atrium-system"

// run calls kubectl with input on its standard input and returns what it printed.
func run(ctx context.Context, input string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, commandLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "kubectl", args...)
	cmd.Stdin = strings.NewReader(input)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), errors.Join(err, ctx.Err()), strings.TrimSpace(said.String()))
	}
	return out.String(), nil
}

// kubectl is run for a test that cannot go on without its answer.
func kubectl(t testing.TB, args ...string) string {
	t.Helper()
	out, err := run(t.Context(), "", args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// apply sends manifests to the cluster.
func apply(t testing.TB, manifests string) {
	t.Helper()
	if _, err := run(t.Context(), manifests, "apply", "-f", "-"); err != nil {
		t.Fatal(err)
	}
}

// object reads one object, or a list, as JSON.
func object[T any](ctx context.Context, args ...string) (T, error) {
	var value T
	out, err := run(ctx, "", append([]string{"get", "-o", "json"}, args...)...)
	if err != nil {
		return value, err
	}
	if err := json.Unmarshal([]byte(out), &value); err != nil {
		return value, fmt.Errorf("read the answer of kubectl get %s: %w", strings.Join(args, " "), err)
	}
	return value, nil
}

// pods lists the running pods with a label, the oldest first.
func pods(ctx context.Context, namespace, selector string) ([]corev1.Pod, error) {
	list, err := object[corev1.PodList](ctx, "pods", "-n", namespace, "-l", selector, "--sort-by=.metadata.creationTimestamp")
	if err != nil {
		return nil, err
	}
	running := list.Items[:0]
	for _, p := range list.Items {
		if p.DeletionTimestamp == nil && p.Status.Phase == corev1.PodRunning {
			running = append(running, p)
		}
	}
	return running, nil
}

// onePod is the first running pod with a label.
func onePod(t testing.TB, namespace, selector string) corev1.Pod {
	t.Helper()
	found, err := pods(t.Context(), namespace, selector)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Fatalf("no pod runs in namespace %s with %s", namespace, selector)
	}
	return found[0]
}

// eventually asks until check succeeds, and says what was missing when the limit
// has passed. It returns how long it took.
func eventually(t testing.TB, limit time.Duration, what string, check func(context.Context) error) time.Duration {
	t.Helper()
	took, err := await(t.Context(), limit, what, check)
	if err != nil {
		t.Fatal(err)
	}
	return took
}

func await(ctx context.Context, limit time.Duration, what string, check func(context.Context) error) (time.Duration, error) {
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	last := errors.New("not asked yet")
	for {
		if err := check(ctx); err == nil {
			return time.Since(began), nil
		} else if ctx.Err() == nil {
			last = err // an answer cut off by the limit itself says nothing
		}
		select {
		case <-ctx.Done():
			return time.Since(began), fmt.Errorf("waited %s for %s: %w", limit, what, last)
		case <-tick.C:
		}
	}
}
