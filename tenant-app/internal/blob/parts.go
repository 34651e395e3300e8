package blob

import (
	"context"
	"fmt"
	"io"

	"github.com/minio/minio-go/v7"
)

// MinPart is the least that a part other than the last may have: what S3 demands.
const MinPart = 5 << 20

// Begin starts a file that is handed over in parts and gives the upload's id.
func (b *Bucket) Begin(ctx context.Context, key, contentType string) (upload string, err error) {
	err = b.call(func(t *target) error {
		upload, err = t.client.NewMultipartUpload(ctx, t.settings.Name, key, minio.PutObjectOptions{ContentType: contentType})
		return err
	})
	if err != nil {
		return "", fmt.Errorf("begin %s in the bucket: %w", key, classify(err))
	}
	return upload, nil
}

// PutPart streams part number, counted from 1, of size bytes, and gives the tag by
// which Complete knows it. What was read of r is gone if it fails.
func (b *Bucket) PutPart(ctx context.Context, key, upload string, number int, r io.Reader, size int64) (tag string, err error) {
	t := b.target.Load()
	part, err := t.client.PutObjectPart(ctx, t.settings.Name, key, upload, number, r, size, minio.PutObjectPartOptions{})
	if err != nil {
		return "", fmt.Errorf("store part %d of %s in the bucket: %w", number, key, b.relearn(err))
	}
	return part.ETag, nil
}

// Stream stores size bytes of r under key. What was read of r is gone if it fails.
func (b *Bucket) Stream(ctx context.Context, key, contentType string, r io.Reader, size int64) error {
	t := b.target.Load()
	_, err := t.client.PutObject(ctx, t.settings.Name, key, r, size, "", "", minio.PutObjectOptions{ContentType: contentType})
	if err != nil {
		return fmt.Errorf("store %s in the bucket: %w", key, b.relearn(err))
	}
	return nil
}

// relearn reads the credentials again after a refusal: the stream is used up, so
// whoever sent it must send it again, and then it works.
func (b *Bucket) relearn(err error) error {
	if refused(err) {
		if settings, readErr := b.again(); readErr == nil {
			_ = b.Follow(settings) // if they cannot be used, whoever follows the files says so
		}
	}
	return classify(err)
}

// Complete makes a file of its parts, given by their tags in order.
func (b *Bucket) Complete(ctx context.Context, key, upload string, tags []string) error {
	parts := make([]minio.CompletePart, len(tags))
	for i, tag := range tags {
		parts[i] = minio.CompletePart{PartNumber: i + 1, ETag: tag}
	}
	err := b.call(func(t *target) error {
		_, err := t.client.CompleteMultipartUpload(ctx, t.settings.Name, key, upload, parts, minio.PutObjectOptions{})
		return err
	})
	if err != nil {
		return fmt.Errorf("complete %s in the bucket: %w", key, classify(err))
	}
	return nil
}

// Abort forgets the parts of a file that was not completed; that there are none is
// no error.
func (b *Bucket) Abort(ctx context.Context, key, upload string) error {
	err := b.call(func(t *target) error {
		return t.client.AbortMultipartUpload(ctx, t.settings.Name, key, upload)
	})
	if err != nil && minio.ToErrorResponse(err).Code != "NoSuchUpload" {
		return fmt.Errorf("abort %s in the bucket: %w", key, classify(err))
	}
	return nil
}
