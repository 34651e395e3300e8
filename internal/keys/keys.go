// Package keys makes the root key of a tenant and derives from it what is used. It
// knows no tenant and stores nothing: where keys lie is the business of the tenant
// controller, and how they survive a cluster that of wrap.go.
package keys

import (
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// Size of a root key and of whatever is derived from one, in bytes.
const Size = 32

// Purpose of a derived key. Values are part of every derivation: to change one is to
// lose what was sealed with it.
type Purpose string

// Purposes.
const (
	Backup Purpose = "atrium/v1/backup" // encrypts backups
	Seal   Purpose = "atrium/v1/seal"   // seals columns of the database
	Link   Purpose = "atrium/v1/link"   // signs links that lead into the office
	Peers  Purpose = "atrium/v1/peers"  // by which the replicas of one office know each other

	check    Purpose = "atrium/v1/check"
	identify Purpose = "atrium/v1/id"
)

// Errors of Parse and Unwrap. None holds a byte of what was read.
var (
	ErrNotAKey  = fmt.Errorf("it is not %d random bytes", Size)
	errNoRandom = errors.New("make a root key: the machine gives no random bytes")
)

// Key is the root key of a tenant. However it is printed, it shows its id alone.
type Key struct{ root [Size]byte }

// New makes a root key.
func New(random io.Reader) (Key, error) {
	var k Key
	if _, err := io.ReadFull(random, k.root[:]); err != nil {
		return Key{}, errNoRandom
	}
	return k, nil
}

// Parse reads what Bytes gave; anything else is ErrNotAKey.
func Parse(raw []byte) (Key, error) {
	var k Key
	if len(raw) != Size || subtle.ConstantTimeCompare(raw, k.root[:]) == 1 {
		return Key{}, ErrNotAKey
	}
	copy(k.root[:], raw)
	return k, nil
}

// Bytes are the key itself, for the Secret that keeps it.
func (k Key) Bytes() []byte { return k.root[:] }

// ID names the key without telling anything of it: 16 hexadecimal characters.
func (k Key) ID() string {
	sum := sha256.Sum256(k.Derive(identify))
	return hex.EncodeToString(sum[:])[:16]
}

// Check is derived from the key alone, to know the key again: Size bytes.
func (k Key) Check() []byte { return k.Derive(check) }

// Is says whether the key is the one that gave this check.
func (k Key) Is(check []byte) bool { return subtle.ConstantTimeCompare(k.Check(), check) == 1 }

// Derive is the key of one purpose (HKDF-SHA256 without salt): Size bytes. A copy of
// a tenant has a root key of its own, so nothing about a tenant goes in here.
func (k Key) Derive(purpose Purpose) []byte {
	derived, err := hkdf.Key(sha256.New, k.root[:], nil, string(purpose), Size)
	if err != nil {
		panic(err) // only a longer result, or a shorter key under FIPS 140, is an error
	}
	return derived
}

// String names the key.
func (k Key) String() string { return "key " + k.ID() }

// Format names the key, whatever the verb.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// LogValue names the key in logs.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText names the key in JSON and the like: it is not a way to store one.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }
