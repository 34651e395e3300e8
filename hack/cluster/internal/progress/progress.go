// Package progress prints one line for each thing that is done, with the time
// that it took. It is not a log: what went wrong is told by the error.
package progress

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// Printer writes lines to one stream; several steps may run at the same time.
type Printer struct {
	mu    sync.Mutex
	out   io.Writer
	now   func() time.Time
	every time.Duration
}

// New makes a printer that says once a minute that a slow step still runs.
func New(out io.Writer) *Printer {
	return &Printer{out: out, now: time.Now, every: time.Minute}
}

// Step runs do and prints its line when it ends: name, what do says about it
// and the time elapsed. A failure prints nothing: the caller reports it.
func (p *Printer) Step(name string, do func() (string, error)) error {
	start := p.now()
	ended := make(chan struct{})
	var ticking sync.WaitGroup
	ticking.Go(func() { p.tick(name, start, ended) })
	said, err := do()
	close(ended)
	ticking.Wait()
	if err == nil {
		p.line(name, said, p.now().Sub(start))
	}
	return err
}

// Note prints a line that belongs to no step, for example a warning.
func (p *Printer) Note(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = fmt.Fprintf(p.out, format+"\n", args...)
}

func (p *Printer) tick(name string, start time.Time, ended <-chan struct{}) {
	ticker := time.NewTicker(p.every)
	defer ticker.Stop()
	for {
		select {
		case <-ended:
			return
		case <-ticker.C:
			p.line(name, "still at it", p.now().Sub(start))
		}
	}
}

func (p *Printer) line(name, said string, took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
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
