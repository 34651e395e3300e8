package parts

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"atrium.dev/hack/cluster/internal/command"
)

const (
	debianSuite = "trixie"
	rootfsDir   = "rootfs"     // unpacked, owned as in the image
	rootfsTar   = "rootfs.tar" // the same files, for images

	rootfsLimit = 15 * time.Minute

	// fixedTime makes the archive the same bytes for the same packages: 2025-01-01.
	fixedTime = "SOURCE_DATE_EPOCH=1735689600"
)

// unread are files of every Debian system that no program in an image reads.
var unread = []string{"/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/info/*", "/usr/share/lintian/*"}

// build makes <into>/rootfs.tar and unpacks it as <into>/rootfs.
func (r *Rootfs) build(ctx context.Context, into string, log io.Writer) error {
	if os.Geteuid() != 0 {
		return errors.New("making a root file system with its owners and device files takes root: run as root")
	}
	tar := filepath.Join(into, rootfsTar)
	args := append(r.arguments(), tar)
	if _, err := command.Run(ctx, command.Spec{Args: args, Env: []string{fixedTime}, Log: log, Limit: rootfsLimit}); err != nil {
		return err
	}
	dir := filepath.Join(into, rootfsDir)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	unpack := []string{"tar", "--extract", "--numeric-owner", "--same-permissions", "--xattrs", "--file", tar, "--directory", dir}
	_, err := command.Run(ctx, command.Spec{Args: unpack, Log: log, Limit: rootfsLimit})
	return err
}

// arguments is the call of mmdebstrap up to the name of the archive: all that
// decides what is in it, but for the day's versions of the packages.
func (r *Rootfs) arguments() []string {
	args := []string{
		"mmdebstrap", "--mode=root", "--variant=essential", "--include=" + strings.Join(r.Packages, ","),
		"--aptopt=Acquire::http::Timeout \"30\"",
	}
	for _, path := range unread {
		args = append(args, "--dpkgopt=path-exclude="+path)
	}
	for _, hook := range r.hooks() {
		args = append(args, "--customize-hook="+hook)
	}
	return append(args, debianSuite)
}

// hooks are the shell commands that trim the tree; mmdebstrap gives its path as $1.
func (r *Rootfs) hooks() []string {
	var hooks []string
	for _, pattern := range r.Remove {
		hooks = append(hooks, `rm -rf "$1"/`+pattern)
	}
	if r.Link != "" {
		hooks = append(hooks, `for f in "$1"/`+r.Link+`/*; do ln -sf "/`+r.Link+`/${f##*/}" "$1/usr/bin/${f##*/}"; done`)
	}
	return append(hooks, `rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/* "$1"/var/log/*`,
		// The machine's own names do not belong in an image.
		`rm -f "$1"/etc/resolv.conf "$1"/etc/hostname`,
		// Shared memory of processes without rights, where the tree is used by chroot.
		`chmod 1777 "$1"/dev/shm`)
}
