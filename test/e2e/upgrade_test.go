//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"atrium.dev/atrium/api/v1alpha1"
)

const (
	// downloadLasts is longer than operator and gateway take to be replaced, also on a
	// busy machine, and shorter than a gateway's drain.
	downloadLasts = 100 * time.Second
	// downloadsEach is how many a company has: the Service picks a gateway for each
	// by chance, and both shall have some.
	downloadsEach = 3
)

// TestUpgradeIsNotNoticed upgrades operator, gateway and chart, and takes the upgrade
// back, below companies that are at work.
func TestUpgradeIsNotNoticed(t *testing.T) {
	if os.Getenv("CLUSTER") == "existing" {
		t.Skip("somebody else's chart may have been installed in another way")
	}
	companies := []company{{name: "acme"}, {name: "globex"}}
	client := strict(gatewayAddress(t))
	reader := slow(gatewayAddress(t))
	var running []*traffic
	downloads, upgraded := make(chan error, downloadsEach*len(companies)), make(chan struct{})
	for _, c := range companies {
		origin := c.awaitReady(t, onboardingLimit).Status.URL
		url, file := largest(t, client, origin)
		running = append(running, keepAsking(t, client, origin))
		for range downloadsEach {
			go func() { downloads <- download(t.Context(), reader, url, file, downloadLasts, upgraded) }()
		}
	}
	offices := officesOf(t, companies)

	began, former := time.Now(), platform(t)
	helm(t, "upgrade", "atrium", filepath.Join("..", "..", "charts", "atrium"), "--reuse-values",
		"--set", "operator.resources.requests.cpu=51m", "--set", "gateway.resources.requests.cpu=51m")
	t.Cleanup(func() {
		if t.Failed() {
			_ = tryHelm(context.WithoutCancel(t.Context()), "rollback", "atrium")
		}
	})
	replaced(t, former, false)
	t.Logf("operator and gateway were replaced after %.1f s", time.Since(began).Seconds())
	if n := len(downloads); n > 0 {
		t.Errorf("%d downloads ended before the upgrade, so they say nothing about it", n)
	}
	close(upgraded)
	for range cap(downloads) {
		if err := <-downloads; err != nil {
			t.Errorf("a download that ran during the upgrade: %v", err)
		}
	}
	t.Logf("%d downloads ended %.1f s after the upgrade began", cap(downloads), time.Since(began).Seconds())

	former = platform(t)
	helm(t, "rollback", "atrium")
	replaced(t, former, true)

	for i, c := range companies {
		all := running[i].stop()
		broken := failed(all)
		t.Logf("%s: %d new connections, %d failed, at most %d ms between two answers", c.name, len(all), len(broken), silence(all).Milliseconds())
		if len(broken) > 0 {
			t.Errorf("%s: %d of %d requests failed:%s", c.name, len(broken), len(all), summary(broken))
		}
	}
	if after := officesOf(t, companies); !maps.Equal(offices, after) {
		t.Errorf("the upgrade changed pods of companies\nfrom %v\nto   %v", offices, after)
	}
}

// helm runs helm on the demo's release.
func helm(t testing.TB, args ...string) {
	t.Helper()
	if err := tryHelm(t.Context(), args...); err != nil {
		t.Fatal(err)
	}
}

func tryHelm(ctx context.Context, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, commandLimit)
	defer cancel()
	out, err := exec.CommandContext(ctx, "helm", append(args, "--namespace", systemNamespace)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("helm %v: %w: %s", args, errors.Join(err, ctx.Err()), out)
	}
	return nil
}

// platform is the names of the pods of operator and gateway that are there.
func platform(t testing.TB) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for _, component := range []string{"operator", "gateway"} {
		list, err := pods(t.Context(), systemNamespace, v1alpha1.LabelComponent+"="+component)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range list {
			found[p.Name] = true
		}
	}
	return found
}

// replaced waits until operator and gateway have rolled and no former pod is asked any
// more; with gone, until the former pods have ended too.
func replaced(t testing.TB, former map[string]bool, gone bool) {
	t.Helper()
	eventually(t, healLimit, "operator and gateway to be replaced", func(ctx context.Context) error {
		list, err := object[appsv1.DeploymentList](ctx, "deployments", "operator", "gateway", "-n", systemNamespace)
		if err != nil {
			return err
		}
		for _, d := range list.Items {
			s := d.Status
			if s.ObservedGeneration < d.Generation || s.UpdatedReplicas != *d.Spec.Replicas || s.AvailableReplicas != *d.Spec.Replicas || s.Replicas != *d.Spec.Replicas {
				return fmt.Errorf("%s: %d of %d pods are new, %d are there", d.Name, s.UpdatedReplicas, *d.Spec.Replicas, s.Replicas)
			}
		}
		there, err := object[corev1.PodList](ctx, "pods", "-n", systemNamespace)
		if err != nil {
			return err
		}
		for _, p := range there.Items {
			if former[p.Name] && (gone || p.DeletionTimestamp == nil) {
				return fmt.Errorf("pod %s is still there", p.Name)
			}
		}
		return nil
	})
}

// officesOf is how often each pod of the companies' apps has been restarted, by UID.
func officesOf(t testing.TB, companies []company) map[string]int32 {
	t.Helper()
	found := map[string]int32{}
	for _, c := range companies {
		list, err := pods(t.Context(), c.namespace(), v1alpha1.LabelComponent+"="+v1alpha1.OfficeName)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range list {
			for _, s := range p.Status.ContainerStatuses {
				found[p.Namespace+"/"+p.Name+" "+string(p.UID)] += s.RestartCount
			}
		}
	}
	if len(found) < len(companies) {
		t.Fatalf("only these pods of %d companies run: %v", len(companies), slices.Sorted(maps.Keys(found)))
	}
	return found
}
