package store

import (
	"context"
	"encoding/json"
	"sync"
	"time"
)

// Soon is a job that is asked for with each write and done once for all that asked
// within a while.
type Soon struct {
	jobs *Jobs
	kind string
	wait time.Duration

	mu      sync.Mutex
	planned time.Time // when it is done next; another is not planned before
}

// HandleSoon says what is done, wait after it was asked for.
func (j *Jobs) HandleSoon(kind string, wait time.Duration, fn func(ctx context.Context) error) *Soon {
	j.Handle(kind, 1, func(ctx context.Context, _ json.RawMessage) error { return fn(ctx) })
	return &Soon{jobs: j, kind: kind, wait: wait}
}

// Ask plans the job once the caller's transaction is committed: not inside of it, or
// all that ask would wait for each other at the job's key. If the program ends in
// between, the job that is asked for next does its work too.
func (s *Soon) Ask(ctx context.Context) {
	AfterCommit(ctx, func() { s.plan(WithoutTx(context.WithoutCancel(ctx))) })
}

func (s *Soon) plan(ctx context.Context) {
	s.mu.Lock()
	now := s.jobs.clock()
	wanted := !now.Before(s.planned)
	if wanted {
		s.planned = now.Add(s.wait)
	}
	at := s.planned
	s.mu.Unlock()
	if !wanted {
		return
	}
	if err := s.jobs.Add(ctx, Job{Kind: s.kind, Version: 1, Key: "soon", At: at}); err != nil {
		s.jobs.log.WarnContext(ctx, "cannot plan a job", "kind", s.kind, "error", err.Error())
	}
}
