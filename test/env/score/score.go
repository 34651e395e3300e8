// Package score lets kube-score judge rendered manifests in tests.
package score

import (
	"bytes"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"atrium.dev/atrium/test/env"
)

// answered are checks that ask for one way where Atrium has another: images are
// named by digest, so that pulling them always brings nothing new; and a container
// writes to volumes of limited size alone, which its tests hold, so that a share of
// the node's disk needs not be set aside.
var answered = []string{"container-image-pull-policy", "container-ephemeral-storage-request-and-limit"}

// Critical returns what kube-score finds critical in manifests, one line each,
// without the checks that are answered otherwise and those that are named.
func Critical(t testing.TB, manifests []byte, without ...string) (found []string) {
	t.Helper()
	root, err := env.Repository()
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"-C", filepath.Join(root, "hack", "tools", "kube-score"), "tool", "kube-score", "score", "--output-format", "ci"}
	for _, check := range append(answered, without...) {
		args = append(args, "--ignore-test", check)
	}
	cmd := exec.CommandContext(t.Context(), "go", append(args, "-")...)
	cmd.Stdin = bytes.NewReader(manifests)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		t.Fatalf("run kube-score: %v", err)
	}
	judged := 0
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "[OK]") {
			judged++
		}
		if strings.HasPrefix(line, "[CRITICAL]") {
			found = append(found, strings.TrimSpace(line))
		}
	}
	if judged == 0 {
		t.Fatalf("kube-score judged nothing: %v: %s%s", err, out, said.String())
	}
	return found
}
