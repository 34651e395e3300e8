//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// sweepLimit bounds the removal of what an interrupted run has left.
const sweepLimit = 5 * time.Minute

func TestMain(m *testing.M) {
	before := sweep("an earlier run left")
	if before != nil {
		fmt.Fprintln(os.Stderr, "clear away what an earlier run left:", before)
		os.Exit(1)
	}
	code := m.Run()
	if err := sweep("these tests made"); err != nil {
		fmt.Fprintln(os.Stderr, "--- FAIL: clear away what these tests made:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// sweep removes the companies of these tests and waits until they and their
// namespaces are gone.
func sweep(whose string) error {
	ctx, cancel := context.WithTimeout(context.Background(), sweepLimit)
	defer cancel()
	out, err := run(ctx, "", "get", "tenants", "-l", mark, "-o", "name")
	if err != nil {
		return err
	}
	if out != "" {
		fmt.Printf("waiting until the companies that %s are gone: %s\n", whose, strings.Join(strings.Fields(out), " "))
	}
	for _, line := range strings.Fields(out) {
		_, name, _ := strings.Cut(line, "/")
		if err := erase(ctx, name); err != nil {
			return err
		}
	}
	for _, line := range strings.Fields(out) {
		_, name, _ := strings.Cut(line, "/")
		if err := remove(ctx, name); err != nil {
			return err
		}
	}
	_, err = run(ctx, "", "delete", "tenantrestores,releases,plans,tenantbackups", "-l", mark, "--ignore-not-found", "--wait=false")
	return err
}
