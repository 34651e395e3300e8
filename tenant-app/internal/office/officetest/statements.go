package officetest

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"github.com/uptrace/bun"
)

// Statements is what the requests of browsers in do send to the database, in order. What
// the worker does meanwhile is no part of it, nor the job that many ask for and whoever
// comes first plans.
func (o *Office) Statements(t testing.TB, do func()) []string {
	t.Helper()
	db, ok := o.DB.Q(t.Context()).(*bun.DB)
	if !ok {
		t.Fatal("statements cannot be heard inside a transaction")
	}
	heard := &ear{open: true}
	db.AddQueryHook(heard) //nolint:staticcheck // WithQueryHook hooks a copy, this is about the app's own
	do()
	return heard.close()
}

// ear hears until it is closed.
type ear struct {
	mu    sync.Mutex
	open  bool
	heard []string
}

// BeforeQuery is bun's.
func (*ear) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context { return ctx }

// AfterQuery is bun's.
func (e *ear) AfterQuery(ctx context.Context, event *bun.QueryEvent) {
	e.mu.Lock()
	defer e.mu.Unlock()
	// Jobs have no address.
	if e.open && kernel.RequestFrom(ctx).Address != "" && !strings.Contains(event.Query, "'soon'") {
		e.heard = append(e.heard, event.Query)
	}
}

func (e *ear) close() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.open = false
	return slices.Clone(e.heard)
}
