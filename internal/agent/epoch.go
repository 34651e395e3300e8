package agent

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"strings"

	"filippo.io/age"
	"github.com/minio/minio-go/v7"

	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/tenant-app/contract"
)

// parseRecipient gives also the size of the header for it.
func parseRecipient(text string) (age.Recipient, int64, error) {
	parsed, err := age.ParseRecipients(strings.NewReader(text))
	if err != nil || len(parsed) != 1 {
		return nil, 0, fail(contract.ExitUsage, errors.New("the recipient of an epoch is not one of age's"))
	}
	var empty bytes.Buffer
	w, err := age.Encrypt(&empty, parsed[0])
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, 0, fmt.Errorf("encrypt to the recipient of an epoch: %w", err)
	}
	return parsed[0], int64(empty.Len()) - chunkTag, nil
}

// age cuts what it encrypts into chunks, of which even nothing at all has one.
const (
	chunk    = 64 << 10
	chunkTag = 16
)

// sealedSize is that of an encrypted copy.
func sealedSize(header, plain int64) int64 {
	return header + plain + chunkTag*max(1, (plain+chunk-1)/chunk)
}

// epoch lists the copies in an epoch with their sizes.
func (b *bucket) epoch(ctx context.Context, id string) (map[name]int64, error) {
	found := map[name]int64{}
	for o := range b.client.ListObjectsIter(ctx, b.name, minio.ListObjectsOptions{Prefix: backup.ObjectsOf(id), Recursive: true}) {
		if o.Err != nil {
			return nil, fmt.Errorf("list epoch %s of the backup store: %w", id, o.Err)
		}
		var n name
		if base := path.Base(o.Key); len(base) == hex.EncodedLen(len(n)) {
			if _, err := hex.Decode(n[:], []byte(base)); err == nil {
				found[n] = o.Size
			}
		}
	}
	return found, nil
}
