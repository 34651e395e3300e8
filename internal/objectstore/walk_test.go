package objectstore

import (
	"fmt"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
)

// tick waits until the store's clock, which may count whole seconds, has moved on
// since an object was written.
func tick(t *testing.T, c *minio.Client, bucket, key string) {
	t.Helper()
	since, err := c.StatObject(t.Context(), bucket, key, minio.StatObjectOptions{})
	check(t, err)
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		put(t, c, bucket, "clock", "")
		now, err := c.StatObject(t.Context(), bucket, "clock", minio.StatObjectOptions{})
		check(t, err)
		if now.LastModified.After(since.LastModified) {
			return
		}
	}
	t.Fatal("the store's clock stands still")
}

// The age of a version counts from when it was replaced, and current objects stay
// however old they are.
func TestWalkRemovesWhatWasReplacedLongAgo(t *testing.T) {
	onBoth(t, func(t *testing.T, server server) {
		s, name := server.open(t, nil), bucket()
		ours(t, s, name)
		put(t, s.client, name, "a", "1")
		put(t, s.client, name, "old-and-current", "22")
		tick(t, s.client, name, "a")
		put(t, s.client, name, "a", "333")
		second, err := s.client.StatObject(t.Context(), name, "a", minio.StatObjectOptions{})
		check(t, err)

		// What was written before a time, but replaced at it, stays.
		_, err = s.Walk(t.Context(), name, "", 1000, second.LastModified)
		check(t, err)
		if kept := keys(versions(t, s.client, name)); kept["a"] != 2 {
			t.Errorf("left %v: a version that was replaced too lately is gone", kept)
		}
		// A minute later by the operator's clock all former ones are old enough.
		w, err := s.Walk(t.Context(), name, "", 1000, time.Now().Add(time.Minute))
		check(t, err)
		kept := keys(versions(t, s.client, name))
		if kept["a"] != 1 || kept["old-and-current"] != 1 || w.Bytes != 5 || w.Next != "" {
			t.Errorf("left %v, %+v; want one version of each key and 5 bytes", kept, w)
		}
	})
}

func TestWalkForgetsDeletedObjects(t *testing.T) {
	onBoth(t, func(t *testing.T, server server) {
		s, name := server.open(t, nil), bucket()
		ours(t, s, name)
		put(t, s.client, name, "gone", "1")
		check(t, s.client.RemoveObject(t.Context(), name, "gone", minio.RemoveObjectOptions{}))
		w, err := s.Walk(t.Context(), name, "", 1000, time.Now().Add(-time.Minute))
		check(t, err)
		if kept := keys(versions(t, s.client, name)); kept["gone"] != 2 || w.Bytes != 1 {
			t.Errorf("left %v, %+v; want what was deleted a moment ago", kept, w)
		}
		if _, err := s.Walk(t.Context(), name, "", 1000, time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if left := versions(t, s.client, name); len(left) != 0 {
			t.Errorf("left %d versions of a deleted object", len(left))
		}
	})
}

// The age of what was deleted counts from then, on stores too that list deletions apart
// from what they hide, and date them by it.
func TestWalkKeepsWhatWasDeletedLately(t *testing.T) {
	onBoth(t, func(t *testing.T, server server) {
		s, name := server.open(t, nil), bucket()
		ours(t, s, name)
		for _, key := range []string{"a", "b", "c"} {
			put(t, s.client, name, key, "1")
		}
		tick(t, s.client, name, "c")
		clock, err := s.client.StatObject(t.Context(), name, "clock", minio.StatObjectOptions{})
		check(t, err)
		for _, key := range []string{"a", "b", "c"} {
			check(t, s.client.RemoveObject(t.Context(), name, key, minio.RemoveObjectOptions{}))
		}
		_, err = s.Walk(t.Context(), name, "", 1000, clock.LastModified)
		check(t, err)
		if kept := keys(versions(t, s.client, name)); kept["a"] != 2 || kept["b"] != 2 || kept["c"] != 2 {
			t.Errorf("left %v: what was deleted too lately is gone", kept)
		}
	})
}

func TestWalkGoesOnWhereItStopped(t *testing.T) {
	onBoth(t, func(t *testing.T, server server) {
		s, name := server.open(t, nil), bucket()
		ours(t, s, name)
		const objects = 5
		for i := range objects {
			put(t, s.client, name, fmt.Sprintf("dir/%d", i), "x")
			put(t, s.client, name, fmt.Sprintf("dir/%d", i), "xx")
		}
		var bytes int64
		after, removed, calls := "", 0, 0
		for ; calls == 0 || after != ""; calls++ {
			w, err := s.Walk(t.Context(), name, after, 3, time.Now().Add(time.Minute))
			check(t, err)
			after, bytes, removed = w.Next, bytes+w.Bytes, removed+w.Removed
			if w.Removed > 4 || calls > objects {
				t.Fatalf("call %d: %+v", calls, w)
			}
		}
		if bytes != 2*objects || removed != objects {
			t.Errorf("%d bytes, %d removed in %d calls", bytes, removed, calls)
		}
		if left := versions(t, s.client, name); len(left) != objects {
			t.Errorf("%d versions are left of %d objects", len(left), objects)
		}
		if w, err := s.Walk(t.Context(), bucket(), "", 3, time.Now()); err != nil || w != (Walked{}) {
			t.Errorf("a bucket that is not there: %+v, %v", w, err)
		}
	})
}

func keys(all []minio.ObjectInfo) map[string]int {
	n := map[string]int{}
	for _, o := range all {
		n[o.Key]++
	}
	return n
}
