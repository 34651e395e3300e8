package backup

import (
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"time"
)

// Manifest says what a backup holds. It is written last: a backup without one is none.
type Manifest struct {
	Version  int    `json:"version"` // 1
	Backup   string `json:"backup"`  // name of the TenantBackup
	Previous string `json:"previous,omitempty"`
	Full     bool   `json:"full"`

	TenantID        string `json:"tenantID"`
	Tenant          string `json:"tenant"`
	Installation    string `json:"installation"`
	Release         string `json:"release"`
	SchemaVersion   int    `json:"schemaVersion"`
	PostgreSQL      string `json:"postgreSQL"` // server_version
	OperatorVersion string `json:"operatorVersion"`
	KeyID           string `json:"keyID"` // of the root key

	Generation  string      `json:"generation"`
	Snapshot    string      `json:"snapshot"`         // restic's id
	Schema      string      `json:"schema,omitempty"` // name of the backup that holds the pg_dump of this schema, in the same generation
	SchemaEpoch string      `json:"schemaEpoch"`      // id of the epoch whose identity opens that pg_dump
	Epochs      []EpochSeen `json:"epochs"`           // that hold objects of this backup or open its pg_dump, by id

	Moment   time.Time `json:"moment"` // of the rows' snapshot
	Finished time.Time `json:"finished"`

	Tables    []Table    `json:"tables"` // by name
	Sequences []Sequence `json:"sequences"`
	Objects   Objects    `json:"objects"`

	StreamBytes int64 `json:"streamBytes"` // of the stream
	ReadBytes   int64 `json:"readBytes"`   // from database and bucket
	StoredBytes int64 `json:"storedBytes"` // added to the backup store
}

// EpochSeen names an epoch and to whom its objects are encrypted.
type EpochSeen struct {
	ID        string `json:"id"`
	Recipient string `json:"recipient"` // age1…
}

// Table is one table's rows in the order of its key: the digest is the SHA-256 of their
// COPY text, each row with its newline.
type Table struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"` // in the stream's order, without generated ones
	Rows    int64    `json:"rows"`
	Digest  string   `json:"digest"` // hex
}

// Sequence is the state of one sequence.
type Sequence struct {
	Name   string `json:"name"`
	Value  int64  `json:"value"`
	Called bool   `json:"called"` // as in setval
}

// Objects sums up the objects of the tenant's bucket: the digest is the SHA-256 of
// their lines in the stream, each with its newline.
type Objects struct {
	Count  int64  `json:"count"`
	Bytes  int64  `json:"bytes"`
	Digest string `json:"digest"` // hex
}

// Object is one object of the tenant's bucket.
type Object struct {
	Key     string `json:"key"`
	Version string `json:"version,omitempty"` // of the source, where the bucket keeps versions
	Size    int64  `json:"size"`
	SHA256  string `json:"sha256"`         // hex, of the plain content
	Type    string `json:"type,omitempty"` // Content-Type
	Epoch   string `json:"epoch"`          // where its encrypted copy lies
}

// maxManifest bounds what is read as a manifest.
const maxManifest = 16 << 20

// Sign writes a manifest and its signature.
func (m Manifest) Sign(key ed25519.PrivateKey) (raw, signature []byte, err error) {
	if raw, err = json.MarshalIndent(m, "", " "); err != nil {
		return nil, nil, fmt.Errorf("write the manifest: %w", err)
	}
	return raw, ed25519.Sign(key, raw), nil
}

// Open checks a manifest against its signature, and that it is the one of this backup
// and tenant: another one that was put in its place is ErrSignature as well.
func Open(raw, signature []byte, key ed25519.PublicKey, backup, tenantID string) (Manifest, error) {
	var m Manifest
	if len(raw) > maxManifest || !ed25519.Verify(key, raw, signature) {
		return m, ErrSignature
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return m, fmt.Errorf("read the manifest: %w", err)
	}
	if m.Version != 1 {
		return m, fmt.Errorf("read the manifest: it has version %d and this program knows 1: use a newer one", m.Version)
	}
	if m.Backup != backup || m.TenantID != tenantID {
		return Manifest{}, ErrSignature
	}
	return m, nil
}
