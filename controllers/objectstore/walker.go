package objectstore

import (
	"context"
	"sync"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/servers"
	objects "atrium.dev/atrium/internal/objectstore"
)

// The pace of the walk: one page of one bucket at a time, so that neither the
// operator nor a store ever has much of it to do at once.
const (
	// FormerStay is how long a version stays after it was replaced or deleted.
	FormerStay = 30 * 24 * time.Hour

	walkEvery  = 6 * time.Hour    // one bucket
	walkFirst  = 10 * time.Minute // after a bucket was first seen by this process
	walkAgain  = 15 * time.Minute // after a store failed
	walkPage   = 1000             // versions
	walkPause  = time.Second      // between pages
	walkLookUp = time.Minute      // between looks for buckets that are due
)

// Walker walks through the buckets of all tenants, round after round: it removes
// versions that were replaced or deleted long ago and adds up what stays. What it
// knows lives in memory; a walk that was cut off begins its bucket anew.
type Walker struct {
	Client  client.Reader
	Servers *servers.Servers
	Now     func() time.Time

	mu      sync.Mutex
	buckets map[string]*bucket // by name of the Tenant
	whole   map[string]bool    // stores of which each bucket was once walked through
}

// bucket is how far the walk through one is.
type bucket struct {
	store, name string
	due         time.Time
	after       string // the key to go on from
	counted     int64  // bytes in this round so far
	removed     int    // versions in this round so far
	bytes       int64  // in the last whole round
	known       bool   // there was one
}

// Start walks until ctx ends. Only the operator that leads does.
func (w *Walker) Start(ctx context.Context) error {
	tick := time.NewTicker(walkPause)
	defer tick.Stop()
	var looked time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if w.Now().Sub(looked).Abs() >= walkLookUp {
			if err := w.lookUp(ctx); err != nil {
				ctrl.LoggerFrom(ctx).Error(err, "list the buckets to walk through")
				continue
			}
			looked = w.Now()
		}
		if tenant, b := w.next(); b != nil {
			w.step(ctx, tenant, b)
		}
	}
}

// Used is how many bytes the tenants of a store use, once all of them were counted.
func (w *Walker) Used(store string) (bytes int64, known bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sum(store), w.whole[store]
}

// lookUp learns which buckets there are.
func (w *Walker) lookUp(ctx context.Context) error {
	var tenants v1alpha1.TenantList
	if err := w.Client.List(ctx, &tenants, client.UnsafeDisableDeepCopy); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	found, stores := map[string]*bucket{}, map[string]bool{}
	for i := range tenants.Items {
		t := &tenants.Items[i]
		store := servers.StoreOf(t)
		if store == "" || t.Status.Bucket == "" || !t.DeletionTimestamp.IsZero() {
			continue
		}
		b := w.buckets[t.Name]
		if b == nil || b.store != store || b.name != t.Status.Bucket {
			b = &bucket{store: store, name: t.Status.Bucket, due: w.Now().Add(walkFirst)}
		}
		found[t.Name], stores[store] = b, true
	}
	w.buckets = found
	for store := range stores {
		w.tell(store)
	}
	return nil
}

// tell passes on what is used of a store, once each of its buckets was counted. A
// new tenant does not make the sum of the others unknown.
func (w *Walker) tell(store string) {
	all := true
	for _, b := range w.buckets {
		all = all && (b.store != store || b.known)
	}
	if w.whole == nil {
		w.whole = map[string]bool{}
	}
	if w.whole[store] = w.whole[store] || all; w.whole[store] {
		w.Servers.Used.Set(servers.KindObjectStore, store, w.sum(store))
	}
}

func (w *Walker) sum(store string) (bytes int64) {
	for _, b := range w.buckets {
		if b.store == store {
			bytes += b.bytes
		}
	}
	return bytes
}

// next is the bucket that is due for the longest time.
func (w *Walker) next() (tenant string, b *bucket) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.Now()
	for name, one := range w.buckets {
		if !one.due.After(now) && (b == nil || one.due.Before(b.due)) {
			tenant, b = name, one
		}
	}
	return tenant, b
}

// step walks through one page of a bucket.
func (w *Walker) step(ctx context.Context, tenant string, b *bucket) {
	log := ctrl.LoggerFrom(ctx).WithValues("tenant", tenant, "bucket", b.name)
	w.mu.Lock()
	after := b.after
	w.mu.Unlock()
	walked, err := w.walk(ctx, b, after)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		log.Info("cannot walk through a bucket; trying again later", "reason", err.Error())
		b.due = w.Now().Add(walkAgain)
		return
	}
	b.after, b.counted, b.removed = walked.Next, b.counted+walked.Bytes, b.removed+walked.Removed
	if b.after != "" {
		return
	}
	if b.removed > 0 {
		log.Info("removed versions that were replaced or deleted long ago", "versions", b.removed)
	}
	b.bytes, b.known, b.due = b.counted, true, w.Now().Add(walkEvery)
	b.counted, b.removed = 0, 0
	w.tell(b.store)
}

func (w *Walker) walk(ctx context.Context, b *bucket, after string) (objects.Walked, error) {
	var o v1alpha1.ObjectStore
	if err := w.Client.Get(ctx, client.ObjectKey{Name: b.store}, &o); err != nil {
		return objects.Walked{}, err
	}
	store, err := w.Servers.Store(ctx, &o)
	if err != nil {
		return objects.Walked{}, err
	}
	return store.Walk(ctx, b.name, after, walkPage, w.Now().Add(-FormerStay))
}
