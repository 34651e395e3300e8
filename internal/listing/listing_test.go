package listing_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/minio/minio-go/v7"

	"atrium.dev/atrium/internal/listing"
	"atrium.dev/atrium/test/env"
)

// filled makes a bucket in which objects were written, replaced, deleted and written
// again. The lines are what it holds, by key and the newest version first: a size, or "-"
// of a deletion.
func filled(t *testing.T, store *env.Store, name string) (client *minio.Client, want []string) {
	t.Helper()
	client = store.Root(t)
	check(t, client.MakeBucket(t.Context(), name, minio.MakeBucketOptions{}))
	check(t, client.EnableVersioning(t.Context(), name))
	for i, key := range []string{"a", "b", "c", "d-e", "d/e", "f", "g/h", "g/i", "k"} {
		var lines []string
		size := 0
		for _, act := range []string{"w", "w-", "w-w", "ww-", "w-", "w-w", "w", "w-", "ww"}[i] {
			if act == 'w' {
				size++
				_, err := client.PutObject(t.Context(), name, key, strings.NewReader(strings.Repeat("x", size)), int64(size), minio.PutObjectOptions{})
				check(t, err)
				lines = append(lines, fmt.Sprint(key, " ", size))
			} else {
				check(t, client.RemoveObject(t.Context(), name, key, minio.RemoveObjectOptions{}))
				lines = append(lines, key+" -")
			}
		}
		for j := len(lines) - 1; j >= 0; j-- {
			want = append(want, lines[j])
		}
	}
	return client, want
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// onBoth runs a test on MinIO and on Versity's gateway.
func onBoth(t *testing.T, test func(*testing.T, *env.Store)) {
	for name, start := range map[string]func(testing.TB) *env.Store{"minio": env.MinIO, "versitygw": env.Versity} {
		t.Run(name, func(t *testing.T) { test(t, start(t)) })
	}
}

func TestEveryStoreListsInOneOrder(t *testing.T) {
	onBoth(t, func(t *testing.T, store *env.Store) {
		client, want := filled(t, store, "in-order")
		for _, page := range []int{2, 3, 5, 1000} { // Versity answers one of 1 without end
			var got []string
			for v, err := range listing.Versions(t.Context(), client, "in-order", minio.ListObjectsOptions{MaxKeys: page}) {
				check(t, err)
				line := fmt.Sprint(v.Key, " ", v.Size)
				if v.IsDeleteMarker {
					line = v.Key + " -"
				}
				got = append(got, line)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("pages of %d (-want +got):\n%s", page, diff)
			}
		}
	})
}

// Who removes what is listed, as it is listed, leaves nothing.
func TestWhatIsRemovedMeanwhileDoesNotEndTheList(t *testing.T) {
	onBoth(t, func(t *testing.T, store *env.Store) {
		client, want := filled(t, store, "removed")
		removed := 0
		for v, err := range listing.Versions(t.Context(), client, "removed", minio.ListObjectsOptions{MaxKeys: 3}) {
			check(t, err)
			check(t, client.RemoveObject(t.Context(), "removed", v.Key, minio.RemoveObjectOptions{VersionID: v.VersionID}))
			removed++
		}
		check(t, client.RemoveBucket(t.Context(), "removed"))
		if removed != len(want) {
			t.Errorf("%d versions were listed, want %d", removed, len(want))
		}
		for _, err := range listing.Versions(t.Context(), client, "removed", minio.ListObjectsOptions{}) {
			if minio.ToErrorResponse(err).Code != minio.NoSuchBucket {
				t.Errorf("a bucket that is not there: %v", err)
			}
		}
	})
}
