package agent

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"
	"time"

	"atrium.dev/atrium/internal/backup"
)

// progress is counted by those who work.
type progress struct {
	step      atomic.Value // string
	read      atomic.Int64 // bytes, of database and buckets
	stored    atomic.Int64 // bytes, added to the backup store
	tables    atomic.Int64
	tablesAll atomic.Int64
	objects   atomic.Int64
	all       atomic.Int64 // objects
}

func (p *progress) begin(step string) { p.step.Store(step) }

func (p *progress) now(at time.Time) backup.Progress {
	step, _ := p.step.Load().(string)
	return backup.Progress{
		Step: step, At: at, ReadBytes: p.read.Load(), Tables: int(p.tables.Load()), TablesAll: int(p.tablesAll.Load()),
		Objects: p.objects.Load(), ObjectsAll: max(p.objects.Load(), p.all.Load()),
	}
}

// report tells the store how far the work is until the function that it gives is
// called. Nothing depends on it, so its failures are only logged.
func (w *work) report(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var telling sync.WaitGroup
	telling.Go(func() {
		tick := time.NewTicker(backup.ProgressEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			raw, err := json.Marshal(w.progress.now(w.Now().UTC()))
			if err == nil {
				err = w.store.writeAll(ctx, backup.ProgressOf(w.task.Backup), raw)
			}
			if err != nil && ctx.Err() == nil {
				w.Log.Warn("progress was not told", "error", err)
			}
		}
	})
	return func() { cancel(); telling.Wait() }
}
