// Package state knows the folder of the running cluster: where each file lies
// and whose cluster it is. What is in the files is the business of others.
package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// DefaultDir is short because sockets below it have a limit of 107 bytes.
const DefaultDir = "/var/lib/atrium"

// maxDirLength leaves room for the longest socket below the state folder.
const maxDirLength = 50

// registration says which cluster runs on this machine. Its place is fixed, as
// are the names of kernel objects that two clusters would fight over.
const registration = "/run/atrium-cluster.json"

// Dir is the absolute path of a state folder.
type Dir string

// Owner is the checkout that a cluster was started from.
type Owner struct {
	State    Dir       `json:"state"`
	Checkout string    `json:"checkout"`
	Since    time.Time `json:"since"`
	// Parts are the folders of the programs that it runs, by name.
	Parts map[string]string `json:"parts"`
}

// FromEnvironment is $ATRIUM_STATE or the default, checked for its length.
func FromEnvironment() (Dir, error) {
	dir := os.Getenv("ATRIUM_STATE")
	if dir == "" {
		dir = DefaultDir
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if len(dir) > maxDirLength {
		return "", fmt.Errorf("state folder %s is longer than %d bytes, too long for the sockets in it: set ATRIUM_STATE to a shorter one", dir, maxDirLength)
	}
	return Dir(dir), nil
}

// Path joins names to the state folder.
func (d Dir) Path(names ...string) string {
	return filepath.Join(append([]string{string(d)}, names...)...)
}

// Kubeconfig is the administrator's way into the cluster.
func (d Dir) Kubeconfig() string { return d.Path("kubeconfig") }

// ContainerdSocket is where containerd, kubelet and ctr meet.
func (d Dir) ContainerdSocket() string { return d.Path("run", "containerd.sock") }

// Make creates the folders that the cluster writes to.
func (d Dir) Make() error {
	for _, name := range []string{"", "bin", "certs", "config", "cni", "data", "logs", "pids", "run"} {
		if err := os.MkdirAll(d.Path(name), 0o755); err != nil {
			return fmt.Errorf("make the state folder: %w", err)
		}
	}
	return os.Chmod(d.Path("certs"), 0o700)
}

// WriteFile replaces a file of the state folder in one step.
func (d Dir) WriteFile(content []byte, mode os.FileMode, names ...string) error {
	path := d.Path(names...)
	if err := os.WriteFile(path+".new", content, mode); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// Registered returns the owner of the cluster that was last started on this
// machine since it booted, nil without one. It may have died meanwhile.
func Registered() (*Owner, error) {
	content, err := os.ReadFile(registration)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var owner Owner
	if err := json.Unmarshal(content, &owner); err != nil {
		return nil, fmt.Errorf("read %s: %w; remove it when no cluster runs", registration, err)
	}
	return &owner, nil
}

// Register notes whose cluster runs on this machine.
func Register(owner Owner) error {
	content, err := json.MarshalIndent(owner, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(registration, append(content, '\n'), 0o644)
}

// Unregister forgets the cluster of this machine.
func Unregister() error {
	err := os.Remove(registration)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
