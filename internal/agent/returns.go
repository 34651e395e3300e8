package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"filippo.io/age"
	"github.com/minio/minio-go/v7"

	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/tenant-app/contract"
)

// returns brings objects back into the tenant's bucket, a few at once.
type returns struct {
	*work
	target     *bucket // nil: they are only compared
	identities map[string]age.Identity
	ctx        context.Context //nolint:containedctx // of the workers, which end with it
	end        context.CancelCauseFunc
	queue      chan backup.Object
	working    sync.WaitGroup
	once       sync.Once
}

func (w *work) openReturns(ctx context.Context) (*returns, error) {
	r := &returns{work: w, identities: map[string]age.Identity{}, queue: make(chan backup.Object)}
	w.progress.begin(backup.StepObjects)
	if w.task.Bucket != (contract.Bucket{}) {
		target, err := openBucket(w.task.Bucket)
		if err != nil {
			return nil, fail(contract.ExitUsage, err)
		}
		r.target = target
	}
	for _, e := range w.task.Epochs {
		identities, err := age.ParseIdentities(strings.NewReader(e.Identity))
		if err != nil || len(identities) != 1 {
			return nil, fail(contract.ExitUsage, fmt.Errorf("epoch %s has no identity of age's", e.ID))
		}
		r.identities[e.ID] = identities[0]
	}
	r.ctx, r.end = context.WithCancelCause(ctx)
	for range workers {
		r.working.Go(func() { //nolint:contextcheck // it is that of r
			for o := range r.queue {
				if err := r.back(o); err != nil {
					r.end(fmt.Errorf("bring object %s back: %w", o.Key, err))
				}
			}
		})
	}
	return r, nil
}

// add takes an object; the error is that of an earlier one.
func (r *returns) add(o backup.Object) error {
	select {
	case r.queue <- o:
		return nil
	case <-r.ctx.Done():
		return context.Cause(r.ctx)
	}
}

// wait says whether all objects that were added are back.
func (r *returns) wait() error {
	r.once.Do(func() { close(r.queue) })
	r.working.Wait()
	return context.Cause(r.ctx)
}

// back makes sure that the tenant's bucket holds an object as it was.
func (r *returns) back(o backup.Object) error {
	if r.ctx.Err() != nil {
		return nil //nolint:nilerr // wait gives the cause
	}
	for try := 1; ; try++ {
		there, err := r.there(o)
		if err == nil && !there {
			err = r.put(o)
		}
		if err == nil {
			r.progress.objects.Add(1)
			return nil
		}
		if try == attempts || final(err) {
			return err
		}
		select {
		case <-r.ctx.Done():
			return err
		case <-time.After(r.Pause):
		}
	}
}

// final says that trying again does not help.
func final(err error) bool {
	code := codeOf(err)
	return code == backup.ExitDiffers || code == backup.ExitBroken || code == contract.ExitUsage
}

// there says whether the tenant's bucket has the object and it is the same.
func (r *returns) there(o backup.Object) (bool, error) {
	if r.target == nil {
		return false, nil
	}
	info, err := r.target.client.StatObject(r.ctx, r.target.name, o.Key, minio.StatObjectOptions{})
	if absent(err) || err == nil && (info.Size != o.Size || info.ContentType != o.Type) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for it: %w", err)
	}
	body, _, err := r.target.open(r.ctx, o.Key, "")
	if err != nil {
		return false, fmt.Errorf("read what is there: %w", err)
	}
	defer func() { _ = body.Close() }()
	_, err = io.Copy(io.Discard, newChecked(r.measure(body), o.Size, o.SHA256, func() {}))
	if errors.Is(err, errDiffers) {
		return false, nil
	}
	return err == nil, err
}

// put decrypts a copy into the tenant's bucket, or compares it alone.
func (r *returns) put(o backup.Object) error {
	identity, ok := r.identities[o.Epoch]
	if !ok {
		return fail(contract.ExitUsage, fmt.Errorf("the task has no identity for epoch %s", o.Epoch))
	}
	body, _, err := r.store.open(r.ctx, backup.ObjectOf(o.Epoch, o), "")
	if err != nil {
		return fmt.Errorf("read its copy: %w", lost(err))
	}
	defer func() { _ = body.Close() }()
	sealed := &keeping{Reader: r.measure(body)}
	plain, err := age.Decrypt(sealed, identity)
	if err == nil {
		ctx, stop := context.WithCancel(r.ctx)
		defer stop()
		content := newChecked(plain, o.Size, o.SHA256, stop)
		if r.target == nil {
			_, err = io.Copy(io.Discard, content)
		} else {
			err = r.target.write(ctx, o.Key, o.Type, content, o.Size)
		}
		if content.err == nil {
			return err // of the tenant's bucket, if any
		}
		err = content.err // which the client of the store may say in other words
	}
	if err != nil && sealed.err == nil {
		return fail(backup.ExitBroken, err) // all that lies in the store came, and does not open
	}
	return err
}

func (r *returns) measure(body io.Reader) *measured {
	return &measured{Reader: body, sum: newSum(), total: &r.progress.read}
}
