package blob_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/blob"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
)

// mounted is a bucket.json that can change and counts how often it was read.
type mounted struct {
	mu    sync.Mutex
	now   contract.Bucket
	err   error
	reads int
}

func (m *mounted) read() (contract.Bucket, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reads++
	return m.now, m.err
}

func (m *mounted) set(b contract.Bucket, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now, m.err, m.reads = b, err, 0
}

// revoked has credentials that the store does not take any more.
func revoked(b contract.Bucket) contract.Bucket {
	b.SecretKey = "revoked-secret"
	return b
}

// What the store refuses is tried once more with the file as it is now, so that a
// renewal costs no failed request.
func TestRefusalReadsTheFileAgain(t *testing.T) {
	good := officetest.BucketSettings(t)
	content := bytes.Repeat([]byte("王芳"), 1<<20)
	calls := map[string]func(*testing.T, *blob.Bucket) error{
		"put": func(t *testing.T, b *blob.Bucket) error {
			return b.Put(t.Context(), "k", "text/plain", bytes.NewReader(content), int64(len(content)))
		},
		"get": func(t *testing.T, b *blob.Bucket) error {
			body, info, err := b.Get(t.Context(), "k")
			if err != nil {
				return err
			}
			defer func() { _ = body.Close() }()
			if got, err := io.ReadAll(body); err != nil || !bytes.Equal(got, content) || info.Size != int64(len(content)) {
				t.Errorf("got %d of %d bytes, %v", len(got), len(content), err)
			}
			return nil
		},
		"delete": func(t *testing.T, b *blob.Bucket) error { return b.Delete(t.Context(), "other") },
	}
	m := &mounted{}
	for _, name := range []string{"put", "get", "delete"} { // get reads what put stored
		m.set(good, nil)
		b, err := blob.Open(revoked(good), m.read)
		if err != nil {
			t.Fatal(err)
		}
		if err := calls[name](t, b); err != nil || m.reads != 1 {
			t.Errorf("%s: %v after %d reads, want none after 1", name, err, m.reads)
		}
		if err := calls[name](t, b); err != nil || m.reads != 1 {
			t.Errorf("%s again: %v, %d reads", name, err, m.reads)
		}
		// Nothing new there: one look, one refusal, no loop.
		m.set(revoked(good), nil)
		if b, err = blob.Open(revoked(good), m.read); err != nil {
			t.Fatal(err)
		}
		if err := calls[name](t, b); !kernel.IsKind(err, kernel.KindUnavailable) || m.reads != 1 || strings.Contains(err.Error(), "revoked-secret") {
			t.Errorf("%s with nothing new: %v after %d reads", name, err, m.reads)
		}
		// The file cannot be read: the refusal is what counts.
		m.set(good, errors.New("half written"))
		if err := calls[name](t, b); !kernel.IsKind(err, kernel.KindUnavailable) {
			t.Errorf("%s with a broken file: %v", name, err)
		}
	}
}

// Many requests at once are all served when credentials change under them.
func TestChangedCredentialsFailNoRequest(t *testing.T) {
	good := officetest.BucketSettings(t)
	m := &mounted{now: good}
	b, err := blob.Open(revoked(good), m.read)
	if err != nil {
		t.Fatal(err)
	}
	errs := make(chan error)
	const together = 32
	for range together {
		go func() {
			errs <- b.Put(context.WithoutCancel(t.Context()), "k", "text/plain", strings.NewReader("x"), 1)
		}()
	}
	for range together {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

func TestAMissingFileIsNotARefusal(t *testing.T) {
	m := &mounted{now: officetest.BucketSettings(t)}
	b, err := blob.Open(m.now, m.read)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.Get(t.Context(), "nothing"); !kernel.IsKind(err, kernel.KindNotFound) || m.reads != 0 {
		t.Errorf("got %v after %d reads", err, m.reads)
	}
	if err := b.Delete(t.Context(), "nothing"); err != nil {
		t.Error(err)
	}
}
