//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"

	"atrium.dev/atrium/api/v1alpha1"
)

// healLimit bounds how long anything may take to work again.
const healLimit = 3 * time.Minute

// kill ends every process of a pod's first container as a power cut would. The
// cluster runs on this machine, so the processes are found by the container's id.
func kill(pod corev1.Pod) error {
	if len(pod.Status.ContainerStatuses) == 0 {
		return fmt.Errorf("pod %s has no container that runs", pod.Name)
	}
	status := pod.Status.ContainerStatuses[0]
	_, id, _ := strings.Cut(status.ContainerID, "://")
	if id == "" {
		return fmt.Errorf("container %s of pod %s has no id", status.Name, pod.Name)
	}
	files, err := filepath.Glob("/proc/[0-9]*/cgroup")
	if err != nil {
		return err
	}
	killed := 0
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(raw, []byte(id)) {
			continue // ended meanwhile, or somebody else's
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			return err
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err == nil {
			killed++
		} else if !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("kill process %d of pod %s: %w", pid, pod.Name, err)
		}
	}
	if killed == 0 {
		return fmt.Errorf("no process of container %s in pod %s runs on this machine", status.Name, pod.Name)
	}
	return nil
}

// recovered says whether the pod was replaced, or its container started again, and
// what is there now is ready.
func recovered(ctx context.Context, killed corev1.Pod) error {
	selector := v1alpha1.LabelComponent + "=" + killed.Labels[v1alpha1.LabelComponent]
	now, err := pods(ctx, killed.Namespace, selector)
	if err != nil {
		return err
	}
	if len(now) == 0 {
		return fmt.Errorf("no pod runs in %s with %s", killed.Namespace, selector)
	}
	before := killed.Status.ContainerStatuses[0]
	for _, p := range now {
		s := p.Status.ContainerStatuses[0]
		if p.UID == killed.UID && s.RestartCount <= before.RestartCount {
			return fmt.Errorf("pod %s has not noticed yet", p.Name)
		}
		if !s.Ready {
			return fmt.Errorf("pod %s is not ready", p.Name)
		}
	}
	return nil
}

// leader is the operator's replica that works now, as its Lease says.
func leader(ctx context.Context) (corev1.Pod, string, error) {
	leases, err := object[coordinationv1.LeaseList](ctx, "leases", "-n", systemNamespace)
	if err != nil {
		return corev1.Pod{}, "", err
	}
	replicas, err := pods(ctx, systemNamespace, v1alpha1.LabelComponent+"=operator")
	if err != nil {
		return corev1.Pod{}, "", err
	}
	for _, l := range leases.Items {
		if l.Spec.HolderIdentity == nil {
			continue
		}
		for _, p := range replicas {
			if strings.HasPrefix(*l.Spec.HolderIdentity, p.Name+"_") {
				return p, *l.Spec.HolderIdentity, nil
			}
		}
	}
	return corev1.Pod{}, "", errors.New("no operator that runs holds a Lease")
}

// mustLeader is leader for a test that cannot go on without one.
func mustLeader(t testing.TB) (corev1.Pod, string) {
	t.Helper()
	var pod corev1.Pod
	var identity string
	eventually(t, healLimit, "an operator to lead", func(ctx context.Context) (err error) {
		pod, identity, err = leader(ctx)
		return err
	})
	return pod, identity
}
