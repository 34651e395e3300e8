package alerts

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"atrium.dev/atrium/test/env"
	"atrium.dev/atrium/test/rig"
)

// headings of a runbook, in this order.
var headings = []string{"## 症状 / Meaning", "## Impact", "## Diagnosis", "## Mitigation"}

// TestEveryAlertHasARunbook: one page per alert, and no page without an alert.
func TestEveryAlertHasARunbook(t *testing.T) {
	folder := path(t, "docs", "runbooks")
	index := read(t, filepath.Join(folder, "README.md"))
	known := []string{"README.md"}
	for _, r := range rules(t) {
		name := kebab(r.Alert) + ".md"
		known = append(known, name)
		raw, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Errorf("%s has no runbook: %v", r.Alert, err)
			continue
		}
		page := string(raw)
		if !strings.HasPrefix(page, "# "+r.Alert+"\n") {
			t.Errorf("%s does not begin with the alert's name", name)
		}
		var found []string
		for line := range strings.Lines(page) {
			if strings.HasPrefix(line, "## ") {
				found = append(found, strings.TrimSpace(line))
			}
		}
		if !slices.Equal(found, headings) {
			t.Errorf("%s has the headings %q, want %q", name, found, headings)
		}
		_, diagnosis, _ := strings.Cut(page, "## Diagnosis")
		if !strings.Contains(diagnosis, "```sh\nkubectl ") {
			t.Errorf("%s has no command to copy", name)
		}
		if !strings.Contains(index, "| ["+r.Alert+"]("+name+") | "+r.Labels["severity"]+" |") {
			t.Errorf("docs/runbooks/README.md does not lead to %s with severity %s", name, r.Labels["severity"])
		}
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !slices.Contains(known, entry.Name()) {
			t.Errorf("docs/runbooks/%s belongs to no alert", entry.Name())
		}
	}
}

// commands are the kubectl commands of all runbooks, each once, with the pages that
// have them.
func commands(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	inline := regexp.MustCompile("`(kubectl [^`]+ [^`]+)`")
	for _, r := range rules(t) {
		name := kebab(r.Alert) + ".md"
		page := read(t, path(t, "docs", "runbooks", name))
		for line := range strings.Lines(page) {
			if strings.HasPrefix(line, "kubectl ") {
				found[strings.TrimSpace(line)] = name
			}
		}
		for _, match := range inline.FindAllStringSubmatch(strings.ReplaceAll(page, "\n  ", " "), -1) {
			found[match[1]] = name
		}
	}
	return found
}

// checked turns a command into one that shows, on a cluster without pods, that it
// exists: what reads is run as it is, what changes something is a dry run on the
// server, and of what needs pods the object and the flags are looked for.
func checked(command string) []string {
	verb := regexp.MustCompile(`^kubectl (?:-n \S+ )?(\S+)`).FindStringSubmatch(command)[1]
	switch verb {
	case "get", "describe", "auth", "api-resources":
		return []string{command}
	case "annotate", "patch", "create", "delete":
		return []string{command + " --dry-run=server"}
	}
	var checks []string
	for _, flag := range regexp.MustCompile(`--[a-z-]+`).FindAllString(command, -1) {
		checks = append(checks, "kubectl "+verb+" --help | grep -q -e '[ ,]"+flag+"='")
	}
	if object := regexp.MustCompile(`\b(?:deployment|statefulset)[/ ][a-z]+`).FindString(command); object != "" {
		namespace := regexp.MustCompile(`-n \S+`).FindString(command)
		checks = append(checks, "kubectl "+namespace+" get "+strings.ReplaceAll(object, " ", "/"))
	}
	return append(checks, "kubectl "+verb+" --help")
}

// runbookCommandsExist runs the commands of the runbooks as somebody would who copies
// them, against an API server that has company acme.
func runbookCommandsExist(t *testing.T, r *rig.Rig) {
	parts, err := env.Parts("kubernetes")
	if err != nil {
		t.Fatal(err)
	}
	environment := append(os.Environ(), "PATH="+parts["kubernetes"]+":"+os.Getenv("PATH"), "KUBECONFIG="+kubeconfig(t, r.Config))
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "recovery-identity.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	slots := make(chan struct{}, 4)
	for command, page := range commands(t) {
		if strings.ContainsAny(command, "<…") {
			t.Errorf("%s: %q cannot be copied", page, command)
			continue
		}
		wait.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			for _, check := range checked(command) {
				cmd := exec.CommandContext(t.Context(), "sh", "-c", check)
				cmd.Env, cmd.Dir = environment, folder
				out, err := cmd.CombinedOutput()
				// Deployments of the platform are not here; that their kind is known is enough.
				if err != nil && !strings.Contains(string(out), "(NotFound)") {
					t.Errorf("%s: %q: %v: %s", page, command, err, out)
				}
			}
		})
	}
	wait.Wait()
}

// kubeconfig writes what kubectl needs to be the administrator of an API server.
func kubeconfig(t *testing.T, from *rest.Config) string {
	t.Helper()
	config := clientcmdapi.NewConfig()
	config.Clusters["it"] = &clientcmdapi.Cluster{Server: from.Host, CertificateAuthorityData: from.CAData}
	config.AuthInfos["it"] = &clientcmdapi.AuthInfo{ClientCertificateData: from.CertData, ClientKeyData: from.KeyData, Token: from.BearerToken}
	config.Contexts["it"] = &clientcmdapi.Context{Cluster: "it", AuthInfo: "it"}
	config.CurrentContext = "it"
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, file); err != nil {
		t.Fatal(err)
	}
	return file
}
