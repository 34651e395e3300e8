package restic_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"atrium.dev/atrium/internal/restic"
)

// Restic that writes to a full pipe does not hear that it should end, as the program
// here, and would be killed when its time to end is over.
func TestWhoHasReadEnoughWaitsForNobody(t *testing.T) {
	dir := t.TempDir()
	program, ended := filepath.Join(dir, "restic"), filepath.Join(dir, "ended")
	script := fmt.Sprintf("#!/bin/sh\ntrap '' TERM PIPE\nwhile echo row; do :; done\n: >%s\n", ended)
	if err := os.WriteFile(program, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	err := restic.Repository{Program: program}.Dump(t.Context(), "snapshot", "/file", func(r io.Reader) error {
		if _, err := io.ReadFull(r, make([]byte, 3)); err != nil {
			return err
		}
		return restic.ErrEnough
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(ended); err != nil {
		t.Errorf("the program was killed: %v", err)
	}
}
