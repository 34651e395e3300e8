//go:build e2e

package e2e

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"

	"atrium.dev/atrium/api/v1alpha1"
)

var update = flag.Bool("update", false, "write the golden files in testdata instead of comparing with them")

// TestAnswers keeps what kubectl tells somebody who knows nothing else: is acme up,
// where, since when; which plan allows what; what may a Tenant say.
func TestAnswers(t *testing.T) {
	for _, name := range []string{"acme", "globex"} {
		company{name: name}.awaitReady(t, onboardingLimit)
		eventually(t, healLimit, "Tenant "+name+" to be Healthy", func(ctx context.Context) error {
			tenant, err := company{name: name}.tenant(ctx)
			if err != nil {
				return err
			}
			return isTrue(tenant, v1alpha1.ConditionHealthy)
		})
	}
	acme := demoTenant(t, "acme")
	golden(t, "get-tenants", "get", "tenants", "acme", "globex")
	golden(t, "get-tenants-wide", "get", "tenants", "acme", "globex", "-o", "wide")
	golden(t, "get-plans", "get", "plans", acme.Spec.Plan)
	golden(t, "get-releases", "get", "releases", acme.Spec.Release)
	golden(t, "get-servers", "get", "databaseservers,objectstores")
	golden(t, "describe-tenant-acme", "describe", "tenant", "acme")
	golden(t, "explain-tenant-spec", "explain", "tenant.spec")
}

// TestBrokenTenantsSayWhatToDo looks at tenants whose author made a mistake, as
// that author would.
func TestBrokenTenantsSayWhatToDo(t *testing.T) {
	c := fresh(t, "broken", "云杉科技有限公司")
	for _, broken := range []struct {
		name, reason string
		change       func(*company)
	}{
		{"unknown-plan", v1alpha1.ReasonPlanNotFound, func(c *company) { c.plan = "gold" }},
		{"unknown-release", v1alpha1.ReasonReleaseNotFound, func(c *company) { c.release = "9.9.9" }},
		{"image-that-is-not-there", v1alpha1.ReasonImageUnavailable, func(c *company) { c.release = missingImage(t) }},
	} {
		t.Run(broken.name, func(t *testing.T) {
			c := c
			c.name = broken.name + strings.TrimPrefix(c.name, "broken")
			broken.change(&c)
			apply(t, c.manifest())
			t.Cleanup(func() { c.erase(t) })
			eventually(t, onboardingLimit, "Tenant "+c.name+" to say what is wrong", func(ctx context.Context) error {
				tenant, err := c.tenant(ctx)
				if err != nil {
					return err
				}
				ready := meta.FindStatusCondition(tenant.Status.Conditions, v1alpha1.ConditionReady)
				if ready == nil || ready.Reason != broken.reason {
					return fmt.Errorf("condition Ready is %+v, want reason %s", ready, broken.reason)
				}
				return nil
			})
			goldenAs(t, "describe-"+broken.name, c.name, "TENANT", "describe", "tenant", c.name)
		})
	}
	if _, err := run(t.Context(), strings.Replace(c.manifest(), "displayName: 云杉科技有限公司", `displayName: " "`, 1), "apply", "-f", "-"); err == nil {
		t.Error("a Tenant without a company's name was accepted")
	} else if want := "displayName must be the company's name"; !strings.Contains(err.Error(), want) {
		t.Errorf("a Tenant without a company's name: %v, want a message with %q", err, want)
	}
}

// missingImage makes a Release whose image nobody has.
func missingImage(t *testing.T) string {
	t.Helper()
	const name = "0.0.0-missing"
	apply(t, fmt.Sprintf(`apiVersion: atrium.dev/v1alpha1
kind: Release
metadata: {name: %s, labels: {%s: "true"}}
spec:
  version: %s
  image: atrium.dev/atrium-office@sha256:%s
  schemaVersion: 1
`, name, mark, name, strings.Repeat("0", 64)))
	t.Cleanup(func() {
		if _, err := run(context.Background(), "", "delete", "release", name, "--ignore-not-found", "--wait=false"); err != nil {
			t.Error(err)
		}
	})
	return name
}

func golden(t *testing.T, name string, args ...string) {
	t.Helper()
	goldenAs(t, name, "", "", args...)
}

// goldenAs compares what kubectl says, with the word from read as to and with what
// differs in each run taken out, with a file in testdata.
func goldenAs(t *testing.T, name, from, to string, args ...string) {
	t.Helper()
	said := kubectl(t, args...)
	if from != "" {
		said = strings.ReplaceAll(said, from, to)
		args[len(args)-1] = to
	}
	said = steady("$ kubectl "+strings.Join(args, " ")) + "\n" + steady(said)
	file := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(said), 0o644); err != nil { //nolint:gosec // a file of the repository
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), said); diff != "" {
		t.Errorf("kubectl %s does not say what stands in %s (-want +said):\n%s", strings.Join(args, " "), file, diff)
	}
}

// unsteady is what differs from run to run, and what stands for it.
var unsteady = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`), "<time>"},
	{regexp.MustCompile(`sha256:[0-9a-f]{64}`), "sha256:<digest>"},
	{regexp.MustCompile(`root key [0-9a-f]{16}`), "root key <key>"},
	{regexp.MustCompile(`(?m)^(\s*UID:\s+)\S+`), "${1}<uid>"},
	{regexp.MustCompile(`(?m)^(\s*(?:Resource Version|Generation|Observed Generation):\s+)\d+`), "${1}<n>"},
	{regexp.MustCompile(`\bt_[a-z][a-z2-7]{9}_`), "t_<id>_"},
	{regexp.MustCompile(`(?m)^(\s*Id:\s+)[a-z][a-z2-7]{9}$`), "${1}<id>"},
	{regexp.MustCompile(`\bschema \d+\b`), "schema <n>"}, // one more with each migration
	{regexp.MustCompile(`\bdemo-[a-z][a-z2-7]{9}\b`), "demo-<id>"},
	{regexp.MustCompile(`\b(\d+\.\d+\.\d+)-[0-9a-f]{8}\b`), "$1"}, // a demo whose images were built again
	{regexp.MustCompile(`(?m)^(\s*Type:\s+)(Create|Change)$`), "${1}<Create or Change>"},
	{regexp.MustCompile(`^17\.\d+$`), "17.<n>"},                           // PostgreSQL, as Debian mends it
	{regexp.MustCompile(`\b(ErrImagePull|ImagePullBackOff)\b`), "<pull>"}, // the kubelet alternates
	{regexp.MustCompile(`(?m)^  Backup:\n(?:    .*\n)+`), ""},             // as the day goes
	{regexp.MustCompile(`(?s)\nEvents:.*`), "\nEvents: <events>\n"},
	{regexp.MustCompile(`(?m)^\s*kubectl\.kubernetes\.io/last-applied-configuration:.*\n`), ""},
}

// column is one of a table that kubectl printed: where it begins and its title.
type column struct {
	start int // in characters
	title string
}

// unsteadyColumns are those whose cells differ from run to run, and what stands for
// them.
var unsteadyColumns = map[string]string{"AGE": "<age>", "BACKUP": "<age>", "SINCE": "<age>", "ID": "<id>", "SCHEMA": "<n>", "TENANTS": "<n>"}

// steady takes out what differs from run to run.
func steady(said string) string {
	if strings.HasPrefix(said, "NAME ") {
		return steadyTable(said)
	}
	for _, u := range unsteady {
		said = u.pattern.ReplaceAllString(said, u.with)
	}
	return said
}

// steadyTable sets a table again, because columns are as wide as what stands in them.
func steadyTable(said string) string {
	var columns []column
	var out strings.Builder
	w := tabwriter.NewWriter(&out, 0, 0, 3, ' ', 0)
	for line := range strings.Lines(said) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "NAME ") {
			columns = header(line)
		}
		if line != "" {
			line = strings.Join(cells(line, columns), "\t")
		}
		_, _ = fmt.Fprintln(w, line) // a strings.Builder takes everything
	}
	_ = w.Flush()
	return regexp.MustCompile(`(?m) +$`).ReplaceAllString(out.String(), "")
}

// header finds the columns by their titles, which stand two spaces or more apart.
func header(line string) []column {
	var columns []column
	for _, at := range regexp.MustCompile(`\S+( \S+)*`).FindAllStringIndex(line, -1) {
		columns = append(columns, column{at[0], line[at[0]:at[1]]})
	}
	return columns
}

// cells cuts a line of a table where its columns begin.
func cells(line string, columns []column) []string {
	characters := []rune(line)
	var found []string
	for i, c := range columns {
		end := len(characters)
		if i+1 < len(columns) {
			end = min(end, columns[i+1].start)
		}
		cell := strings.TrimSpace(string(characters[min(c.start, end):end]))
		for _, u := range unsteady {
			cell = u.pattern.ReplaceAllString(cell, u.with)
		}
		// A company may have its first backup at any time: no age is one as well.
		if with := unsteadyColumns[c.title]; with != "" && (cell != "" || c.title == "BACKUP") && cell != c.title {
			cell = with
		}
		found = append(found, cell)
	}
	return found
}
