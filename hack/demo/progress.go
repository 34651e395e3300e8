package main

import (
	"context"
	"fmt"
	"io"
	"time"
)

// progress prints one line for each step, in the form of hack/cluster and hack/images.
type progress struct {
	out   io.Writer
	start time.Time
}

func newProgress(out io.Writer) progress { return progress{out, time.Now()} }

func (p progress) title(text string) { _, _ = fmt.Fprintf(p.out, "%s\n", text) }

// step runs do and prints what it says when it ends well. A failure prints
// nothing: the caller reports it.
func (p progress) step(name string, do func() (string, error)) error {
	began := time.Now()
	said, err := do()
	if err == nil {
		p.line(name, said, time.Since(began))
	}
	return err
}

func (p progress) line(name, said string, took time.Duration) {
	_, _ = fmt.Fprintf(p.out, "  %-24s %-40s %7s\n", name, said, elapsed(took))
}

// elapsed rounds to what a person wants to read: 0.4s, 12s, 3m05s.
func elapsed(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.0fs", d.Seconds())
	default:
		d = d.Round(time.Second)
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
}

// saysEvery is how often a step that takes long tells what it waits for, when
// that has changed.
const saysEvery = 20 * time.Second

// waitFor asks until there is nothing left to wait for. missing returns what
// that is, in words, and an error when waiting is of no use. After limit,
// the error holds the last of those words.
func (p progress) waitFor(ctx context.Context, name string, limit time.Duration, missing func() (string, error)) error {
	began, said, last := time.Now(), time.Now(), ""
	for {
		waiting, err := missing()
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", name, err)
		case waiting == "":
			return nil
		case time.Since(began) > limit:
			return fmt.Errorf("%s: not done after %s: %s", name, elapsed(limit), waiting)
		case time.Since(said) > saysEvery && waiting != last:
			p.line(name, "waits: "+waiting, time.Since(began))
			said, last = time.Now(), waiting
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", name, context.Cause(ctx))
		case <-time.After(pollEvery):
		}
	}
}

const pollEvery = 500 * time.Millisecond
