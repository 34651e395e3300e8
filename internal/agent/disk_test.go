package agent_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"atrium.dev/atrium/test/env"
)

const ownMounts = "ATRIUM_TEST_OWN_MOUNTS"

// elsewhere runs the test in a process with mounts of its own, which go with it however
// it ends, and says so; false in that process.
func elsewhere(t *testing.T) bool {
	t.Helper()
	if os.Getenv(ownMounts) != "" {
		return false
	}
	said, err := os.CreateTemp(t.TempDir(), "said")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("unshare", "--mount", os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=2h")
	cmd.Env = append(os.Environ(), ownMounts+"=1")
	cmd.Stdout, cmd.Stderr = said, said
	ended, err := env.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	<-ended
	whole, err := os.ReadFile(said.Name())
	t.Logf("in a process with mounts of its own: %v\n%s", err, whole)
	if !cmd.ProcessState.Success() {
		t.Fail()
	}
	return true
}

// smallDisk is a disk of this many bytes.
func smallDisk(t *testing.T, bytes string) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "mode=755,size="+bytes); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	inside := filepath.Join(dir, "data")
	if err := os.Mkdir(inside, 0o755); err != nil {
		t.Fatal(err)
	}
	return inside
}

// crowd takes all that is free on the disk of a smallDisk and gives the way back.
func crowd(inside string) (free func() error, err error) {
	ballast := filepath.Join(filepath.Dir(inside), "ballast")
	file, err := os.Create(ballast)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	size := int64(0)
	for step := int64(1 << 26); step >= 1<<12; {
		if unix.Fallocate(int(file.Fd()), 0, size, step) == nil {
			size += step
		} else {
			step /= 2
		}
	}
	return func() error { return os.Remove(ballast) }, nil
}
