// Package command runs other programs with a time limit and turns their
// failures into one line for people. It is not for long-running processes of
// the cluster: those belong to package process.
package command

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// Spec says what to run. Only Args is required.
type Spec struct {
	Args  []string
	Dir   string
	Env   []string // added to the environment of this process
	Stdin io.Reader
	Log   io.Writer // receives both output streams as they come
	Limit time.Duration
}

// defaultLimit ends a command whose caller named no limit: nothing that is run
// without one should take longer.
const defaultLimit = time.Minute

// Error is a command that failed, with what it printed.
type Error struct {
	Args   []string
	Output string // both streams, in about the order in which they came
	Last   string // last line of the error stream, or of the output without one
	Err    error
}

// Error names the command and the last line that it printed.
func (e *Error) Error() string {
	name := strings.Join(e.Args, " ")
	if len(name) > 120 {
		name = name[:120] + "…"
	}
	if e.Last != "" {
		return fmt.Sprintf("%s: %v: %s", name, e.Err, e.Last)
	}
	return fmt.Sprintf("%s: %v", name, e.Err)
}

// Unwrap gives the reason that os/exec reported.
func (e *Error) Unwrap() error { return e.Err }

// Run runs a command and returns its standard output. A failure is an *Error
// that holds both streams.
func Run(ctx context.Context, spec Spec) (string, error) {
	limit := spec.Limit
	if limit == 0 {
		limit = defaultLimit
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, spec.Args[0], spec.Args[1:]...)
	cmd.Dir, cmd.Stdin = spec.Dir, spec.Stdin
	cmd.Env = append(os.Environ(), spec.Env...)
	cmd.WaitDelay = 5 * time.Second
	var stdout, stderr, both bytes.Buffer
	streams := []io.Writer{&both}
	if spec.Log != nil {
		streams = append(streams, spec.Log)
	}
	shared := &syncWriter{to: io.MultiWriter(streams...)}
	cmd.Stdout = io.MultiWriter(&stdout, shared)
	cmd.Stderr = io.MultiWriter(&stderr, shared)
	if err := cmd.Run(); err != nil {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			err = fmt.Errorf("gave no answer within %s", limit)
		}
		last := cmp.Or(lastLine(stderr.String()), lastLine(stdout.String()))
		return stdout.String(), &Error{Args: spec.Args, Output: both.String(), Last: last, Err: err}
	}
	return stdout.String(), nil
}

// Output is Run for a plain call with the default limit; surrounding white
// space is cut from the answer.
func Output(ctx context.Context, args ...string) (string, error) {
	out, err := Run(ctx, Spec{Args: args})
	return strings.TrimSpace(out), err
}

// lastLine is the last line of text that is not empty, "" without one.
func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
