package agentjob

import (
	"bytes"
	"context"
	"crypto/ed25519"

	"filippo.io/age"

	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/internal/objectstore"
)

const (
	maxManifest = 16 << 20 // bytes that are read as one
	maxIdentity = 4 << 10
)

// Stored is a manifest as it lies in a store; Wrong says what is wrong with it.
type Stored struct {
	backup.Manifest
	Wrong error
}

// Manifest of a backup; nil when there is none.
func Manifest(ctx context.Context, files *objectstore.Vault, name, id string, key ed25519.PublicKey) (*Stored, error) {
	raw, err := files.Get(ctx, backup.ManifestOf(name), maxManifest+1)
	if err != nil || raw == nil {
		return nil, err
	}
	signature, err := files.Get(ctx, backup.SignatureOf(name), ed25519.SignatureSize+1)
	if err != nil {
		return nil, err
	}
	var s Stored
	s.Manifest, s.Wrong = backup.Open(raw, signature, key, name, id)
	return &s, nil
}

// Identity opens the sealed age identity of an epoch. There is false when none lies in
// the store; without an error nil otherwise means that the company's key does not open it.
func Identity(ctx context.Context, files *objectstore.Vault, keys backup.Keys, epoch string) (identity *age.X25519Identity, there bool, err error) {
	sealed, err := files.Get(ctx, backup.IdentityOf(epoch), maxIdentity)
	if err != nil || sealed == nil {
		return nil, false, err
	}
	identity, err = age.ParseX25519Identity(string(bytes.TrimSpace(keys.SealIdentity(epoch, sealed))))
	if err != nil {
		return nil, true, nil //nolint:nilerr // who asked says what is wrong
	}
	return identity, true, nil
}
