// Package restic drives the restic program on one repository in an S3 bucket: it makes
// the repository, adds a stream to it and reads one back. It keeps no cache, and gives
// secrets by the environment, never by arguments. What is in a stream it does not know.
//
// Restic writes packs (16 MiB each, encrypted, about six at a time) to the folder for
// temporary files before it sends them.
package restic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"atrium.dev/atrium/tenant-app/contract"
)

// Exit codes of restic that say more than "failed".
const (
	exitMissing  = 10
	exitPassword = 12
)

// Errors that trying again does not mend.
var (
	ErrMissing  = errors.New("there is no restic repository")
	ErrPassword = errors.New("the password does not open the restic repository")
)

// ErrEnough ends Dump early without an error, when returned by its reader.
var ErrEnough = errors.New("enough was read")

// endLimit is how long restic may take to end when it is asked to.
const endLimit = 5 * time.Second

// Repository is one restic repository.
type Repository struct {
	Program  string // file of restic, 0.17 or newer
	Bucket   contract.Bucket
	Path     string // in the bucket
	Password string
}

// Summary is what restic says of a backup.
type Summary struct {
	Snapshot string `json:"snapshot_id"`
	Added    int64  `json:"data_added_packed"` // bytes
}

// Init makes the repository, which must not be there.
func (r Repository) Init(ctx context.Context) error {
	cmd, said, done, err := r.command(ctx, "init")
	if err != nil {
		return err
	}
	defer done()
	return failed("make a restic repository", cmd.Run(), said)
}

// Backup stores what write writes as one file of a new snapshot. When write fails
// there is no snapshot.
func (r Repository) Backup(ctx context.Context, file, tag string, write func(io.Writer) error) (Summary, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd, said, done, err := r.command(ctx, "backup", "--stdin", "--stdin-filename", file, "--host", "atrium", "--tag", tag, "--force", "--json")
	if err != nil {
		return Summary{}, err
	}
	defer done()
	var summary summary
	cmd.Stdout = &summary
	in, out, err := os.Pipe()
	if err != nil {
		return Summary{}, fmt.Errorf("start restic: %w", err)
	}
	cmd.Stdin = in
	err = cmd.Start()
	_ = in.Close()
	if err != nil {
		_ = out.Close()
		return Summary{}, fmt.Errorf("start restic: %w", err)
	}
	wrote := write(out)
	if wrote != nil {
		cancel() // first: an end of the stream here would be taken for its end
	} else {
		wrote = out.Close()
	}
	ended := cmd.Wait()
	_ = out.Close()
	if wrote != nil && !errors.Is(wrote, syscall.EPIPE) {
		return Summary{}, wrote
	}
	if err := failed("add to the restic repository", ended, said); err != nil {
		return Summary{}, err
	}
	if wrote != nil {
		return Summary{}, fmt.Errorf("add to the restic repository: restic read the stream half: %w", wrote)
	}
	return summary.read()
}

// Dump gives a file of a snapshot to read. Only when Dump returns nil was the file
// whole; with ErrEnough of read it is not read on and nothing is said of its rest.
func (r Repository) Dump(ctx context.Context, snapshot, file string, read func(io.Reader) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd, said, done, err := r.command(ctx, "dump", "--no-lock", snapshot, file)
	if err != nil {
		return err
	}
	defer done()
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("start restic: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start restic: %w", err)
	}
	stream := &ending{Reader: out}
	got := read(stream)
	if !stream.ended && got == nil {
		if _, err := io.Copy(io.Discard, stream); err != nil {
			got = fmt.Errorf("read what restic gives: %w", err)
		}
	}
	if !stream.ended {
		_ = out.Close() // first: restic hears of nothing while it waits for somebody to read on
		cancel()
	}
	ended := cmd.Wait()
	switch {
	case errors.Is(got, ErrEnough):
		return nil
	case got != nil && !stream.ended:
		return got
	case ended != nil: // what read made of half a stream says less
		return failed("read from the restic repository", ended, said)
	}
	return got
}

// ending notices the end of a stream.
type ending struct {
	io.Reader
	ended bool
}

func (e *ending) Read(p []byte) (int, error) {
	n, err := e.Reader.Read(p)
	e.ended = e.ended || errors.Is(err, io.EOF)
	return n, err
}

// command is a call of restic that is asked to end when ctx does. Done gives back
// what it holds.
func (r Repository) command(ctx context.Context, args ...string) (cmd *exec.Cmd, said *tail, done func(), err error) {
	lookup := "dns"
	if r.Bucket.PathStyle {
		lookup = "path"
	}
	args = append([]string{"--no-cache", "-o", "s3.connections=2", "-o", "s3.bucket-lookup=" + lookup, "--repo", "s3:" + strings.TrimSuffix(r.Bucket.Endpoint, "/") + "/" + r.Bucket.Name + "/" + r.Path}, args...)
	cmd = exec.CommandContext(ctx, r.Program, args...)
	region := r.Bucket.Region
	if region == "" {
		region = "us-east-1" // what stores without regions expect; asking would need another right
	}
	cmd.Env = []string{
		"RESTIC_PASSWORD=" + r.Password, "AWS_ACCESS_KEY_ID=" + r.Bucket.AccessKey, "AWS_SECRET_ACCESS_KEY=" + r.Bucket.SecretKey,
		"AWS_SESSION_TOKEN=" + r.Bucket.SessionToken, "AWS_DEFAULT_REGION=" + region,
		"TMPDIR=" + os.TempDir(), "RESTIC_PROGRESS_FPS=0.01", "GOGC=20", "GOMAXPROCS=2",
	}
	said = &tail{}
	cmd.Stderr = said
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = endLimit
	if r.Bucket.CABundle == "" {
		return cmd, said, func() {}, nil
	}
	file, err := InMemory("ca", r.Bucket.CABundle)
	if err != nil {
		return nil, nil, nil, err
	}
	cmd.ExtraFiles = []*os.File{file}
	cmd.Env = append(cmd.Env, "RESTIC_CACERT="+ExtraFile)
	return cmd, said, func() { _ = file.Close() }, nil
}

// ExtraFile is where a program finds the first of its ExtraFiles.
const ExtraFile = "/proc/self/fd/3"

// InMemory is a file with this content that lies on no disk, for a program that takes
// a certificate by its file name alone.
func InMemory(name, content string) (*os.File, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make a file in memory: %w", err)
	}
	file := os.NewFile(uintptr(fd), name)
	if _, err := file.WriteString(content); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("make a file in memory: %w", err)
	}
	return file, nil
}

// failed says how restic ended; nil: well.
func failed(attempted string, err error, said *tail) error {
	if err == nil {
		return nil
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		switch exit.ExitCode() {
		case exitMissing:
			err = ErrMissing
		case exitPassword:
			err = ErrPassword
		}
	}
	return fmt.Errorf("%s: %w: %s", attempted, err, said)
}

// maxTail bounds what is kept of restic's words.
const maxTail = 1000

// tail keeps the end of what is written to it.
type tail struct{ kept []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p...)
	t.kept = t.kept[max(0, len(t.kept)-maxTail):]
	return len(p), nil
}

func (t *tail) String() string { return strings.Join(strings.Fields(string(t.kept)), " ") }

// summary keeps the last line of restic's JSON.
type summary struct{ tail }

func (s *summary) read() (Summary, error) {
	lines := strings.Split(strings.TrimSpace(string(s.kept)), "\n")
	var got Summary
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &got); err != nil || got.Snapshot == "" {
		return Summary{}, errors.New("add to the restic repository: restic did not name the snapshot: is it 0.17 or newer?")
	}
	return got, nil
}
