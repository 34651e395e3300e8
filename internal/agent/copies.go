package agent

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"filippo.io/age"

	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/internal/restic"
	"atrium.dev/atrium/tenant-app/contract"
)

const (
	workers  = 4 // objects at once: their memory and the load on both stores
	attempts = 3 // an object is read anew when sending it failed
)

// name is that of an encrypted copy.
type name [32]byte

func nameOf(o backup.Object) (n name) {
	_, _ = hex.Decode(n[:], []byte(o.Name()))
	return n
}

// copied is what is kept of each object, little enough for millions.
type copied struct {
	sum   [32]byte
	epoch string // one string for all of an epoch
	kind  string // Content-Type, one string for all of it
}

// copies knows which objects of the tenant lie in the backup store, and brings the
// others there.
type copies struct {
	*work
	source    *bucket
	recipient age.Recipient
	header    int64 // bytes that age puts before what it encrypts to the recipient
	mu        sync.Mutex
	known     map[name]copied
	present   map[name]int64  // size of what lies in the epoch that new ones go to
	used      map[string]bool // epochs of the objects that were listed
	kinds     map[string]string
}

// openCopies lists what the epoch holds already: a former run may have been cut off.
func (w *work) openCopies(ctx context.Context) (*copies, error) {
	source, err := openBucket(w.task.Bucket)
	if err != nil {
		return nil, fail(contract.ExitUsage, err)
	}
	recipient, header, err := parseRecipient(w.task.Epoch.Recipient)
	if err != nil {
		return nil, err
	}
	c := &copies{
		work: w, source: source, recipient: recipient, header: header,
		known: map[name]copied{}, used: map[string]bool{}, kinds: map[string]string{},
	}
	c.present, err = w.store.epoch(ctx, w.task.Epoch.ID)
	return c, err
}

// adopt takes over what an earlier backup lists, as far as its copies are there.
func (c *copies) adopt(ctx context.Context) (backup.Manifest, error) {
	former, err := c.manifest(ctx, c.task.Previous.Backup)
	if err != nil {
		return former, err
	}
	there, headers := map[string]map[name]int64{}, map[string]int64{}
	for _, e := range former.Epochs {
		if _, headers[e.ID], err = parseRecipient(e.Recipient); err != nil {
			return former, err
		}
		if e.ID == c.task.Epoch.ID {
			there[e.ID] = c.present
		} else if there[e.ID], err = c.store.epoch(ctx, e.ID); err != nil {
			return former, err
		}
	}
	repository := c.repository(former.Generation, c.task.Previous.Password)
	err = repository.Dump(ctx, former.Snapshot, backup.Stream, func(r io.Reader) error {
		_, err := readObjects(newLines(r), func(o backup.Object) error {
			n := nameOf(o)
			if size, ok := there[o.Epoch][n]; ok && size == sealedSize(headers[o.Epoch], o.Size) {
				return c.learn(n, o)
			}
			return nil
		})
		if err == nil {
			err = restic.ErrEnough
		}
		return err
	})
	if err != nil {
		return former, fmt.Errorf("read what backup %s holds: %w", former.Backup, c.unreadable(ctx, former.Backup, err))
	}
	return former, nil
}

// learn keeps what is to be known of an object that has a copy.
func (c *copies) learn(n name, o backup.Object) error {
	k := copied{}
	if d, err := hex.DecodeString(o.SHA256); err != nil || copy(k.sum[:], d) != len(k.sum) {
		return fail(backup.ExitBroken, fmt.Errorf("object %s has no digest", o.Key))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	k.epoch, k.kind = c.one(o.Epoch), c.one(o.Type)
	c.known[n] = k
	return nil
}

// one gives one string for all equal ones.
func (c *copies) one(s string) string {
	if kept, ok := c.kinds[s]; ok {
		return kept
	}
	c.kinds[strings.Clone(s)] = strings.Clone(s)
	return c.kinds[s]
}

// ahead copies what the bucket holds now, before rows are read: a transaction that is
// open meanwhile would keep the server from cleaning up after every company on it.
func (c *copies) ahead(ctx context.Context) error {
	c.progress.begin(backup.StepObjects)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	queue := make(chan backup.Object)
	var working sync.WaitGroup
	for range workers {
		working.Go(func() {
			for o := range queue {
				if _, err := c.copy(ctx, o); err != nil && !absent(err) { // the list with the rows decides on it
					cancel(err)
				}
			}
		})
	}
	err := c.list(ctx, time.Unix(1<<40, 0), func(o backup.Object) error {
		if _, ok := c.find(o); ok {
			return nil
		}
		c.progress.all.Add(1)
		select {
		case queue <- o:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
	close(queue)
	working.Wait()
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// list gives the objects of the tenant's bucket, those deleted since then too.
func (c *copies) list(ctx context.Context, deleted time.Time, do func(backup.Object) error) error {
	for v, err := range c.source.versions(ctx, deleted) {
		if err != nil {
			return fmt.Errorf("list the tenant's bucket: %w", err)
		}
		if err := do(backup.Object{Key: v.Key, Version: v.VersionID, Size: v.Size}); err != nil {
			return err
		}
	}
	return nil
}

// find completes an object that has a copy.
func (c *copies) find(o backup.Object) (backup.Object, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, ok := c.known[nameOf(o)]
	if ok {
		o.SHA256, o.Epoch, o.Type = hex.EncodeToString(k.sum[:]), k.epoch, k.kind
	}
	return o, ok
}

// copy brings an object to the backup store, unless its copy lies there already.
func (c *copies) copy(ctx context.Context, o backup.Object) (backup.Object, error) {
	if found, ok := c.find(o); ok {
		return found, nil
	}
	o.Epoch = c.task.Epoch.ID
	for try := 1; ; try++ {
		done, err := c.send(ctx, o)
		if err == nil {
			c.progress.objects.Add(1)
			return done, c.learn(nameOf(o), done)
		}
		err = fmt.Errorf("copy object %s: %w", o.Key, err)
		if try == attempts || absent(err) {
			return o, err
		}
		select {
		case <-ctx.Done():
			return o, err
		case <-time.After(c.Pause):
		}
	}
}

// send streams an object through age to the store; nothing is kept on the way. A copy
// that a former run has sent is not sent again, but its digest has to be found anew.
func (c *copies) send(ctx context.Context, o backup.Object) (backup.Object, error) {
	body, info, err := c.source.open(ctx, o.Key, o.Version)
	if err != nil {
		return o, err
	}
	defer func() { _ = body.Close() }()
	o.Type = info.ContentType
	plain := &measured{Reader: body, sum: newSum(), total: &c.progress.read}
	size := sealedSize(c.header, o.Size)
	if c.present[nameOf(o)] == size {
		_, err = io.Copy(io.Discard, plain)
	} else {
		var sealed io.Reader
		if sealed, err = age.EncryptReader(plain, c.recipient); err == nil {
			err = c.store.write(ctx, backup.ObjectOf(o.Epoch, o), "application/octet-stream", sealed, size)
			c.progress.stored.Add(size)
		}
	}
	if err == nil && plain.size != o.Size {
		err = fmt.Errorf("it has %d bytes and the list said %d: %w", plain.size, o.Size, io.ErrUnexpectedEOF)
	}
	o.SHA256 = plain.sum.String()
	return o, err
}

// measured counts and sums what is read.
type measured struct {
	io.Reader
	sum   sum
	size  int64
	total interface{ Add(int64) int64 }
}

func (m *measured) Read(p []byte) (int, error) {
	n, err := m.Reader.Read(p)
	_, _ = m.sum.Write(p[:n])
	m.size += int64(n)
	m.total.Add(int64(n))
	return n, err
}

// epochs are those that a manifest names, by id.
func (c *copies) epochs(former backup.Manifest, schema string) []backup.EpochSeen {
	seen := map[string]string{c.task.Epoch.ID: c.task.Epoch.Recipient}
	for _, e := range former.Epochs {
		seen[e.ID] = e.Recipient
	}
	c.used[schema] = true
	list := []backup.EpochSeen{}
	for _, id := range slices.Sorted(maps.Keys(c.used)) {
		list = append(list, backup.EpochSeen{ID: id, Recipient: seen[id]})
	}
	return list
}
