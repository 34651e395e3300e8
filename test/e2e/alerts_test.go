//go:build e2e

package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"atrium.dev/atrium/api/v1alpha1"
)

// alertLimit bounds how long an alert may take to appear: its own minute, and the
// looks of operator, Prometheus and rules before it.
const alertLimit = 3 * time.Minute

// TestStoppedServersRaiseTheirAlerts stops PostgreSQL and MinIO as a person would,
// and looks at Alertmanager the way the manual says.
func TestStoppedServersRaiseTheirAlerts(t *testing.T) {
	alertmanager := forward(t, "alertmanager")
	servers := map[string]string{"DatabaseServer": "postgres", "ObjectStore": "minio"}
	unreachable := func(ctx context.Context) (map[string]alert, error) {
		found, err := alerts(ctx, alertmanager, "AtriumServerUnreachable")
		byKind := map[string]alert{}
		for _, a := range found {
			byKind[a.Labels["kind"]+"/"+a.Labels["server"]] = a
		}
		return byKind, err
	}
	eventually(t, alertLimit, "no server's alert to stand from before", func(ctx context.Context) error {
		found, err := unreachable(ctx)
		if err == nil && len(found) > 0 {
			err = fmt.Errorf("there are %v", found)
		}
		return err
	})
	mustScrape(t)

	for _, name := range servers {
		stop(t, name)
	}
	took := eventually(t, alertLimit, "both alerts to fire in Alertmanager", func(ctx context.Context) error {
		found, err := unreachable(ctx)
		if err != nil {
			return err
		}
		for kind, name := range servers {
			a, ok := found[kind+"/"+name]
			if !ok {
				return fmt.Errorf("no alert for %s %s among %v", kind, name, found)
			}
			if a.Labels["severity"] != "page" || !strings.Contains(a.Annotations["description"], kind+" "+name) ||
				a.Annotations["runbook_url"] != "docs/runbooks/atrium-server-unreachable.md" {
				t.Fatalf("the alert for %s %s says too little: %+v", kind, name, a)
			}
		}
		return nil
	})
	t.Logf("both alerts fired %s after the servers were stopped", took.Round(time.Second))

	for _, name := range servers {
		kubectl(t, "scale", "statefulset", name, "-n", systemNamespace, "--replicas=1")
	}
	took = eventually(t, alertLimit, "both alerts to clear by themselves", func(ctx context.Context) error {
		found, err := unreachable(ctx)
		if err == nil && len(found) > 0 {
			err = fmt.Errorf("still there: %v", found)
		}
		return err
	})
	t.Logf("both alerts cleared %s after the servers were started again", took.Round(time.Second))
	for _, name := range []string{"acme", "globex"} {
		company{name: name}.awaitReady(t, healLimit)
	}
}

// stop scales a server to nothing and does not wait for it to say goodbye. It runs
// again when the test ends.
func stop(t *testing.T, name string) {
	t.Helper()
	pod := onePod(t, systemNamespace, v1alpha1.LabelComponent+"="+name)
	t.Cleanup(func() {
		if _, err := run(context.WithoutCancel(t.Context()), "", "scale", "statefulset", name, "-n", systemNamespace, "--replicas=1"); err != nil {
			t.Error(err)
		}
	})
	kubectl(t, "scale", "statefulset", name, "-n", systemNamespace, "--replicas=0")
	// PostgreSQL would wait for its clients to say goodbye; MinIO may be gone by now.
	if err := kill(pod); err != nil {
		t.Log(err)
	}
}

// mustScrape sees that Prometheus reads every replica of operator and gateway and
// every company's app, and has no rule that fails.
func mustScrape(t *testing.T) {
	t.Helper()
	prometheus := forward(t, "prometheus")
	eventually(t, alertLimit, "Prometheus to read all that it should", func(ctx context.Context) error {
		var answer struct {
			Data struct {
				Result []struct {
					Metric map[string]string
					Value  [2]any
				}
			}
		}
		if err := getJSON(ctx, prometheus+"/api/v1/query?query="+url.QueryEscape("up"), &answer); err != nil {
			return err
		}
		up := map[string]bool{}
		for _, r := range answer.Data.Result {
			up[r.Metric["pod"]] = r.Value[1] == "1"
		}
		for _, component := range []string{"operator", "gateway", v1alpha1.OfficeName} {
			list, err := object[corev1.PodList](ctx, "pods", "-A", "-l", v1alpha1.LabelComponent+"="+component)
			if err != nil {
				return err
			}
			for _, p := range list.Items {
				if p.DeletionTimestamp == nil && p.Status.Phase == corev1.PodRunning && !up[p.Name] {
					return fmt.Errorf("pod %s of component %s is not among those that are read: %v", p.Name, component, up)
				}
			}
		}
		return rulesWork(ctx, prometheus)
	})
}

func rulesWork(ctx context.Context, prometheus string) error {
	var answer struct {
		Data struct {
			Groups []struct {
				Rules []struct{ Name, Health, LastError string }
			}
		}
	}
	if err := getJSON(ctx, prometheus+"/api/v1/rules", &answer); err != nil {
		return err
	}
	n := 0
	for _, group := range answer.Data.Groups {
		for _, r := range group.Rules {
			n++
			if r.Health != "ok" {
				return fmt.Errorf("rule %s is %s: %s", r.Name, r.Health, r.LastError)
			}
		}
	}
	if n < 20 {
		return fmt.Errorf("prometheus has %d rules", n)
	}
	return nil
}

// alert is one of Alertmanager's.
type alert struct {
	Labels, Annotations map[string]string
}

// alerts that fire now, by name.
func alerts(ctx context.Context, alertmanager, name string) (found []alert, err error) {
	return found, getJSON(ctx, alertmanager+"/api/v2/alerts?active=true&filter="+url.QueryEscape(`alertname="`+name+`"`), &found)
}

func getJSON(ctx context.Context, address string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", address, answer.Status)
	}
	return json.NewDecoder(answer.Body).Decode(into)
}

// forward runs kubectl port-forward to a Service of the platform for the length of
// the test and returns the address on this machine.
func forward(t *testing.T, service string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "kubectl", "port-forward", "-n", systemNamespace, "service/"+service, ":web")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() }) // the test's context ends it
	line, err := bufio.NewReader(out).ReadString('\n')
	port := regexp.MustCompile(`127\.0\.0\.1:(\d+) `).FindStringSubmatch(line)
	if port == nil {
		t.Fatalf("kubectl port-forward to Service %s says %q, %v", service, line, err)
	}
	return "http://127.0.0.1:" + port[1]
}
