package store_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"atrium.dev/atrium/tenant-app/internal/store"
)

// asked is a query under way: what it asks for, and where its answer goes; nil: it fails.
type asked struct {
	keys   []string
	answer chan map[string]int
}

func TestWhoComesWhileQueriesAreUnderWayIsAnsweredByTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queries := make(chan asked, 10)
		together := store.NewTogether(func(_ context.Context, keys []string) (map[string]int, error) {
			q := asked{slices.Sorted(slices.Values(keys)), make(chan map[string]int)}
			queries <- q
			if found := <-q.answer; found != nil {
				return found, nil
			}
			return nil, errors.New("no answer")
		})
		var mu sync.Mutex
		got := map[string]int{}
		get := func(name, key string) {
			go func() {
				found, err := together.Get(t.Context(), key)
				if err != nil {
					found = -1
				}
				mu.Lock()
				defer mu.Unlock()
				got[name] = found
			}()
			synctest.Wait()
		}
		get("first", "a")
		get("second", "b")
		first, second := <-queries, <-queries
		// Two are under way: a later question for the same key is not theirs to answer.
		gone, leave := context.WithCancel(t.Context())
		leave()
		if _, err := together.Get(gone, "gone"); !errors.Is(err, context.Canceled) {
			t.Errorf("who leaves is told %v", err)
		}
		for _, key := range []string{"a", "c", "d"} {
			get("later "+key, key)
		}
		if len(queries) > 0 {
			t.Fatal("a third query is under way")
		}
		first.answer <- map[string]int{"a": 1}
		third := <-queries
		if !slices.Equal(third.keys, []string{"a", "c", "d", "gone"}) {
			t.Errorf("the next query asks for %v", third.keys)
		}
		get("afterwards", "e")
		third.answer <- map[string]int{"a": 2, "c": 3}
		fourth := <-queries
		fourth.answer <- nil
		second.answer <- map[string]int{"b": 4}
		synctest.Wait()
		get("alone", "f")
		(<-queries).answer <- map[string]int{"f": 5}
		synctest.Wait()
		want := map[string]int{"first": 1, "second": 4, "later a": 2, "later c": 3, "later d": 0, "afterwards": -1, "alone": 5}
		if !maps.Equal(got, want) {
			t.Errorf("the answers are %v", got)
		}
	})
}
