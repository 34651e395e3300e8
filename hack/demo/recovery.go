package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"
)

// identityFile is the name of the recovery identity in the demo's folder.
const identityFile = "recovery-identity.txt"

// ensureIdentity makes the recovery identity, unless it is there, and returns its
// public half. Somebody who runs companies makes it on a machine of their own.
func ensureIdentity(path string) (recipient string, err error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		raw, err = makeIdentity(path)
	}
	if err != nil {
		return "", fmt.Errorf("recovery identity: %w", err)
	}
	found, err := age.ParseIdentities(bytes.NewReader(raw))
	if err != nil {
		return "", fmt.Errorf("recovery identity: %s is not what age-keygen writes: move it away, or bring it back as it was", path)
	}
	identity, ok := found[0].(*age.X25519Identity)
	if !ok {
		return "", fmt.Errorf("recovery identity: %s is of another kind than the demo makes: move it away", path)
	}
	return identity.Recipient().String(), nil
}

func makeIdentity(path string) ([]byte, error) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, err
	}
	raw := fmt.Appendf(nil, "# created: %s\n# public key: %s\n%s\n", time.Now().UTC().Format(time.RFC3339), identity.Recipient(), identity)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	if err := os.WriteFile(path+".new", raw, 0o600); err != nil {
		return nil, err
	}
	return raw, os.Rename(path+".new", path)
}

// backup is the store where wrapped keys lie.
type backup struct {
	Endpoint  string `json:"endpoint"`
	AccessKey string `json:"accessKey"`
	SecretKey string `json:"secretKey"`
}

// startBackup keeps the store that outlives the local cluster.
func (l local) startBackup(ctx context.Context) (*backup, error) {
	out, err := l.tool(ctx, "cluster", "store", "up")
	if err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(strings.TrimSpace(out))
	if err != nil {
		return nil, fmt.Errorf("read the backup store's credentials: %w", err)
	}
	var b backup
	if err := json.Unmarshal(raw, &b); err != nil {
		return nil, fmt.Errorf("read the backup store's credentials: %w", err)
	}
	return &b, nil
}

// withBackup fills the sample of the backup store and makes its Secret. Without a
// store of its own, the demo's MinIO holds wrapped keys too, in another bucket.
func (t *target) withBackup(sample string) (string, error) {
	b := t.backup
	if b == nil {
		return replaced(sample, map[string]string{"endpoint": demoStore, "issuerSecretRef": "{name: minio-issuer}"}), nil
	}
	secret, err := json.Marshal(object{
		"apiVersion": "v1", "kind": "Secret", "metadata": object{"name": "backup-issuer", "namespace": namespace},
		"stringData": object{"accessKey": b.AccessKey, "secretKey": b.SecretKey},
	})
	return replaced(sample, map[string]string{"endpoint": b.Endpoint}) + "\n---\n" + string(secret), err
}

// demoStore is the MinIO that the chart's demo brings.
const demoStore = "http://minio." + namespace + ".svc:9000"

// replaced sets fields of a sample's spec.
func replaced(sample string, fields map[string]string) string {
	lines := strings.Split(sample, "\n")
	for i, line := range lines {
		name, _, found := strings.Cut(strings.TrimPrefix(line, "  "), ":")
		if value, ok := fields[name]; ok && found {
			lines[i] = "  " + name + ": " + value
		}
	}
	return strings.Join(lines, "\n")
}
