// Package env starts the real servers that tests talk to: PostgreSQL 17 and MinIO
// here, the Kubernetes API server in env/kube. Programs come from hack/cluster's
// cache of parts, which builds what is missing. Each test process has servers of
// its own on loopback; they live in memory and die with the process, even when it
// is killed. It is for tests and for the local office, never for the product.
package env

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// startLimit bounds how long a server may take until it answers. It is generous:
// the machine may be building something else at the same time.
const startLimit = 60 * time.Second

// buildLimit bounds the first build of a part on a machine without caches.
const buildLimit = 25 * time.Minute

// Parts returns the folders of parts of hack/cluster by name, building those that
// are missing.
func Parts(names ...string) (map[string]string, error) {
	root, err := Repository()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), buildLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", append([]string{"run", "-C", filepath.Join(root, "hack/cluster"), ".", "parts"}, names...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("build parts %s: %w; its own message stands above", strings.Join(names, ", "), err)
	}
	dirs := map[string]string{}
	for line := range strings.Lines(string(out)) {
		if name, dir, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			dirs[name] = dir
		}
	}
	for _, name := range names {
		if dirs[name] == "" {
			return nil, fmt.Errorf("build parts: hack/cluster did not say where %s is", name)
		}
	}
	return dirs, nil
}

// Repository is the folder of the product's go.mod.
func Repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		raw, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(raw), "module atrium.dev/atrium\n") {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("find the repository: no go.mod of atrium.dev/atrium above the working folder")
		}
		dir = parent
	}
}

// process is a server that ends with us.
type process struct {
	cmd  *exec.Cmd
	done <-chan struct{}
	log  string
}

// spawn runs script with sh as the first process of new mount and PID namespaces:
// mounts that it makes vanish, and every process that it starts dies, when this
// process ends in whatever way.
func spawn(script, log string, args ...string) (*process, error) {
	if os.Getuid() != 0 {
		return nil, errors.New("start a server for tests: this needs root, for mount namespaces; run as root")
	}
	out, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	defer func() { _ = out.Close() }()
	argv := append([]string{"--mount", "--pid", "--fork", "--kill-child", "sh", "-euc", script, "sh"}, args...)
	p := &process{cmd: exec.Command("unshare", argv...), log: log}
	p.cmd.Stdout, p.cmd.Stderr = out, out
	if p.done, err = Start(p.cmd); err != nil {
		return nil, fmt.Errorf("start a server for tests: %w", err)
	}
	return p, nil
}

// Start starts a program that is killed when this process ends in whatever way. Ended
// is closed when the program has ended.
func Start(program *exec.Cmd) (ended <-chan struct{}, err error) {
	program.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	started, done := make(chan error), make(chan struct{})
	go func() {
		// The kernel ties the death signal to the thread that started the
		// child, so that thread has to live as long as the process. It also
		// has to live on afterwards: another child may be tied to it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(done)
		err := program.Start()
		started <- err
		if err == nil {
			_ = program.Wait()
		}
	}()
	return done, <-started
}

// stop kills the process and everything below it, and waits until it is gone.
func (p *process) stop() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// wait polls ready until it succeeds, the process ends or the limit passes.
func (p *process) wait(what string, ready func() error) error {
	deadline := time.After(startLimit)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ready()
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("start %s: it ended: %s", what, tail(p.log))
		case <-deadline:
			p.stop()
			return fmt.Errorf("start %s: no answer within %s (%w): %s", what, startLimit, err, tail(p.log))
		case <-tick.C:
		}
	}
}

func tail(file string) string {
	raw, _ := os.ReadFile(file)
	return string(raw[max(0, len(raw)-2000):])
}

// FreePort returns a TCP port that was free on loopback a moment ago.
func FreePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// password returns a secret that is new in each run.
func password() string { return rand.Text() }

// shared starts one server per test process, at its first use.
type shared[T any] struct {
	once  sync.Once
	value T
	err   error
}

func (s *shared[T]) get(start func() (T, error)) (T, error) {
	s.once.Do(func() { s.value, s.err = start() })
	return s.value, s.err
}
