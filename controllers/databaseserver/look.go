package databaseserver

import (
	"context"
	"sync"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/servers"
)

// lookEvery is how often a server is asked how full it is and whether it is backed
// up: its answer costs it a look at every file of the database.
const lookEvery = 5 * time.Minute

// looks remembers when each server was looked at last, and under which spec.
type looks struct {
	mu   sync.Mutex
	last map[string]lookedAt
}

type lookedAt struct {
	at         time.Time
	generation int64
}

func (l *looks) due(d *v1alpha1.DatabaseServer, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if last, ok := l.last[d.Name]; ok && last.generation == d.Generation && now.Sub(last.at) < lookEvery {
		return false
	}
	if l.last == nil {
		l.last = map[string]lookedAt{}
	}
	l.last[d.Name] = lookedAt{now, d.Generation}
	return true
}

func (l *looks) forget(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.last, name)
}

// look brings what changes slowly into the status of a server that answers. What
// cannot be asked now stays as it is known: the server's reachability is measured
// apart.
func (r *Reconciler) look(ctx context.Context, d *v1alpha1.DatabaseServer) {
	if !r.looked.due(d, r.Now()) {
		return
	}
	if err := r.ask(ctx, d); err != nil {
		ctrl.LoggerFrom(ctx).Info("ask for size and backups later", "databaseServer", d.Name, "why", err.Error())
	}
}

func (r *Reconciler) ask(ctx context.Context, d *v1alpha1.DatabaseServer) error {
	server, err := r.Servers.Database(ctx, d)
	if err != nil {
		return err
	}
	recovery, err := server.Recovery(ctx)
	if err != nil {
		return err
	}
	servers.Say(&d.Status.ServerStatus, r.Now(), backedUp(recovery, server.Admin(), r.Now()))
	used, err := server.UsedBytes(ctx)
	if err != nil {
		return err
	}
	r.Servers.Used.Set(servers.KindDatabaseServer, d.Name, used)
	d.Status.UsedPercent = servers.UsedPercent(d.Status.UsedPercent, used, d.Spec.Capacity.Bytes)
	return nil
}
