// Package disk answers two questions about the file system: is there room, and
// is somebody else at work here.
package disk

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// CheckFree returns an error when fewer than need bytes are free below dir, or
// below its nearest parent that exists. remedy says what to do then.
func CheckFree(dir string, need uint64, remedy string) error {
	for {
		if _, err := os.Stat(dir); err == nil || dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return fmt.Errorf("ask for the free space of %s: %w", dir, err)
	}
	if free := fs.Bavail * uint64(fs.Bsize); free < need {
		return fmt.Errorf("%s has %d MB free and %d MB are needed: %s", dir, free>>20, need>>20, remedy)
	}
	return nil
}

// Lock takes an exclusive lock on a file, waiting for whoever has it. The kernel
// drops it with the process; release drops it before.
func Lock(path string) (release func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("make the folder of a lock: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open a lock: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return func() { _ = f.Close() }, nil
}
