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
	ctx, cancel := context.WithTimeout(context.Background(), sweepLimit)
	err := sweep(ctx)
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, "clear away what an earlier run left:", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// sweep removes the companies that an interrupted run has left.
func sweep(ctx context.Context) error {
	out, err := run(ctx, "", "get", "tenants", "-l", mark, "-o", "name")
	if err != nil {
		return err
	}
	for _, line := range strings.Fields(out) {
		_, name, _ := strings.Cut(line, "/")
		fmt.Println("removing the company that an earlier run left:", name)
		if err := erase(ctx, name); err != nil {
			return err
		}
	}
	_, err = run(ctx, "", "delete", "releases", "-l", mark, "--ignore-not-found", "--wait=false")
	return err
}
