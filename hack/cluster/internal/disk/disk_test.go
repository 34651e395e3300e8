package disk

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestCheckFree(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "made", "yet")
	if err := CheckFree(dir, 1, "buy a disk"); err != nil {
		t.Errorf("one byte: %v", err)
	}
	if err := CheckFree(dir, 1<<62, "buy a disk"); err == nil || !strings.HasSuffix(err.Error(), "are needed: buy a disk") {
		t.Errorf("more than there is: %v", err)
	}
}

func TestLockKeepsOthersOut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "folder", "lock")
	release, err := Lock(path)
	if err != nil {
		t.Fatal(err)
	}
	taken := make(chan func(), 1)
	go func() {
		second, err := Lock(path)
		if err != nil {
			t.Error(err)
		}
		taken <- second
	}()
	select {
	case <-taken:
		t.Error("two have the lock")
	default:
	}
	release()
	(<-taken)()
}
