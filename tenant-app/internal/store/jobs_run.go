package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

const (
	jobSlots   = 8 // jobs at once
	kindSlots  = 4 // of one kind: a mail server that hangs must not stop everything else
	slowPoll   = 5 * time.Minute
	pausedPoll = 3 * time.Second // looks at the settings only
	brokenPoll = 5 * time.Second // the database does not answer, or has no schema yet
	jobDrain   = 10 * time.Second
	settleTime = 10 * time.Second
)

// worker is one Run.
type worker struct {
	*Jobs
	work      context.Context //nolint:containedctx // of all jobs; it outlives the context of Run
	ended     chan leased
	holds     map[kernel.ID]bool
	running   map[string]int // by kind
	more      bool           // due jobs were left because there was no slot for them
	epoch     int64          // for which the queue was prepared
	complaint string
}

// Run does jobs until ctx ends and those that run then have ended, some seconds later
// at the most. Without due jobs it asks the database once in five to ten minutes. While
// the company's settings forbid outgoing calls it does nothing.
func (j *Jobs) Run(ctx context.Context) {
	work, interrupt := context.WithCancel(context.WithoutCancel(ctx))
	defer interrupt()
	w := &worker{Jobs: j, work: work, ended: make(chan leased), holds: map[kernel.ID]bool{}, running: map[string]int{}}
	for ctx.Err() == nil {
		timer := time.NewTimer(w.turn(ctx))
		select {
		case <-ctx.Done():
		case <-j.wake:
		case <-timer.C:
		case l := <-w.ended:
			w.free(l)
		}
		timer.Stop()
	}
	stop := time.AfterFunc(jobDrain, interrupt) // those fail, and come back elsewhere
	defer stop.Stop()
	for len(w.holds) > 0 {
		w.free(<-w.ended)
	}
}

// turn starts what is due, if it is time to look, and says how long to wait.
func (w *worker) turn(ctx context.Context) time.Duration {
	settings := w.settings()
	if !settings.Outbound {
		w.plan(time.Time{})
		return pausedPoll
	}
	if w.epoch != settings.DataEpoch {
		if w.failed(ctx, w.prepare(ctx)) {
			return brokenPoll
		}
		w.epoch = settings.DataEpoch
	}
	if !w.clock().Before(w.planned()) {
		w.failed(ctx, w.look(ctx))
	}
	return max(0, w.planned().Sub(w.clock()))
}

// look leases and starts due jobs, and plans the next look.
func (w *worker) look(ctx context.Context) error {
	// Before the queries: what is added while they run brings it forward again.
	w.plan(w.clock().Add(slowPoll + rand.N(slowPoll)))
	free := map[string]handler{}
	for kind, h := range w.handlers {
		if w.running[kind] < kindSlots {
			free[kind] = h
		}
	}
	asked := min(jobSlots-len(w.holds), kindSlots)
	w.more = asked == 0 || len(free) < len(w.handlers)
	if asked == 0 || len(free) == 0 {
		return nil
	}
	jobs, err := w.lease(ctx, free, asked)
	for _, l := range jobs {
		w.holds[l.ID] = true
		w.running[l.Kind]++
		go func() { //nolint:contextcheck // a job outlives the context of Run
			w.do(l)
			w.ended <- l
		}()
	}
	if err == nil && len(jobs) < asked {
		var at time.Time
		if at, err = w.earliest(ctx, free, w.holds); !at.IsZero() {
			w.lookAt(at)
		}
	}
	if err != nil {
		w.lookAt(w.clock().Add(brokenPoll))
	} else if len(jobs) == asked {
		w.lookAt(w.clock())
	}
	return err
}

func (w *worker) free(l leased) {
	delete(w.holds, l.ID)
	w.running[l.Kind]--
	if w.more {
		w.lookAt(time.Time{})
	}
}

// failed logs an error once, however often it comes back.
func (w *worker) failed(ctx context.Context, err error) bool {
	if err == nil {
		w.complaint = ""
		return false
	}
	if now := err.Error(); now != w.complaint && ctx.Err() == nil {
		w.complaint = now
		w.log.WarnContext(ctx, "cannot look for jobs; trying again", "error", now)
	}
	return true
}

// do does one job and writes down what became of it.
func (w *worker) do(l leased) {
	id := l.ID.String()
	ctx := WithRequest(kernel.WithRequest(w.work, kernel.Request{ID: id}), id)
	began := time.Now()
	err := w.try(ctx, l)
	jobSeconds.WithLabelValues(l.Kind, outcome(err)).Observe(time.Since(began).Seconds())
	settled, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	var lost error
	switch h := w.handlers[l.Kind]; {
	case h.every > 0:
		lost = w.comeBack(settled, l, h.every, err)
	case err != nil:
		lost = w.putBack(settled, l, err)
	default:
		lost = w.finish(settled, l)
	}
	if err != nil {
		w.log.WarnContext(ctx, "job failed", "kind", l.Kind, "try", l.Attempts, "givenUp", l.Attempts >= maxTries, "error", err.Error())
	}
	if lost != nil {
		w.log.WarnContext(ctx, "job will be done once more", "kind", l.Kind, "error", lost.Error())
	}
}

func (w *worker) try(ctx context.Context, l leased) (err error) {
	ctx, cancel := context.WithTimeout(ctx, jobLimit)
	defer cancel()
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v: %s", cause, debug.Stack())
		}
	}()
	return w.handlers[l.Kind].run(ctx, l.Payload)
}

func (j *Jobs) plan(at time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.next = at
}

func (j *Jobs) planned() time.Time {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.next
}
