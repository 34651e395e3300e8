package disk

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
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
	other, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	if err := syscall.Flock(int(other.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); !errors.Is(err, syscall.EWOULDBLOCK) {
		t.Errorf("while it is held, another gets %v", err)
	}
	release()
	if err := syscall.Flock(int(other.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		t.Errorf("after its release, another gets %v", err)
	}
}
