package store

import (
	"context"
	"sync"
	"time"
)

const (
	// togetherAtOnce queries of one sort are under way at most. A second one, so that a
	// connection that hangs does not hold up everybody.
	togetherAtOnce = 2
	togetherLimit  = 10 * time.Second
)

// Together asks for many keys with one query: whoever comes while queries are under way
// waits for the next, which asks for all that have come by then. It begins after they
// came, so an answer is never older than its question. Who comes alone waits for nobody.
type Together[K comparable, V any] struct {
	ask func(ctx context.Context, keys []K) (map[K]V, error)

	mu       sync.Mutex
	underWay int
	next     *round[K, V] // nil: nobody waits
}

// round is one query and those who wait for it.
type round[K comparable, V any] struct {
	keys  []K
	done  chan struct{}
	found map[K]V
	err   error
}

// NewTogether makes a way to ask. The context of ask is that of one of those who wait,
// outside of any transaction; it does not end with theirs. What ask does not find is left
// out of its map.
func NewTogether[K comparable, V any](ask func(ctx context.Context, keys []K) (map[K]V, error)) *Together[K, V] {
	return &Together[K, V]{ask: ask}
}

// Get gives what there is of a key; the zero value if there is nothing.
func (t *Together[K, V]) Get(ctx context.Context, key K) (found V, err error) {
	t.mu.Lock()
	if t.next == nil {
		t.next = &round[K, V]{done: make(chan struct{})}
	}
	r := t.next
	r.keys = append(r.keys, key)
	begin := t.underWay < togetherAtOnce
	if begin {
		t.underWay++
	}
	t.mu.Unlock()
	if begin {
		go t.run(WithoutTx(context.WithoutCancel(ctx)))
	}
	select {
	case <-r.done:
		return r.found[key], r.err
	case <-ctx.Done():
		return found, ctx.Err()
	}
}

// run asks until nobody waits.
func (t *Together[K, V]) run(ctx context.Context) {
	for {
		t.mu.Lock()
		r := t.next
		t.next = nil
		if r == nil {
			t.underWay--
		}
		t.mu.Unlock()
		if r == nil {
			return
		}
		t.answer(ctx, r)
	}
}

func (t *Together[K, V]) answer(ctx context.Context, r *round[K, V]) {
	ctx, cancel := context.WithTimeout(ctx, togetherLimit)
	defer cancel()
	defer close(r.done)
	r.found, r.err = t.ask(ctx, r.keys)
}
