package store

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/uptrace/bun"
)

// Constants of the queue that tests go by.
const (
	MaxTries  = maxTries
	JobSlots  = jobSlots
	LeaseTime = leaseTime
	SlowPoll  = slowPoll
)

// Planned is when the worker looks next.
func (j *Jobs) Planned() time.Time { return j.planned() }

// CountStatements counts from now on.
func (d *DB) CountStatements() *atomic.Int64 {
	c := &counter{}
	d.bun = d.bun.WithQueryHook(c)
	return &c.n
}

type counter struct{ n atomic.Int64 }

func (*counter) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context { return ctx }

func (c *counter) AfterQuery(context.Context, *bun.QueryEvent) { c.n.Add(1) }
