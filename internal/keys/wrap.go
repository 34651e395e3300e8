package keys

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"filippo.io/age"
)

// MaxWrapped bounds a wrapped copy, in bytes; age writes some 200, or 2,000 for a
// post-quantum recipient.
const MaxWrapped = 16 << 10

// Errors about recipients, identities and wrapped copies. Like those of age they
// would be of help with what they quote, which may be a secret: so they quote nothing.
var (
	ErrNoRecipient = errors.New("it is not one age recipient (age1…)")
	ErrNoIdentity  = errors.New("it is not a file of age identities (AGE-SECRET-KEY-…)")
	ErrNotForUs    = errors.New("it was wrapped to another recipient")
	ErrNotACopy    = errors.New("it is not a whole wrapped copy of a key")
)

// Recipient is whom root keys are wrapped to: the public half of the recovery
// identity.
type Recipient struct {
	text string
	to   age.Recipient
}

// ParseRecipient reads one age recipient.
func ParseRecipient(text string) (Recipient, error) {
	text = strings.TrimSpace(text)
	found, err := age.ParseRecipients(strings.NewReader(text))
	if err != nil || len(found) != 1 || strings.ContainsAny(text, "\n#") {
		return Recipient{}, ErrNoRecipient
	}
	return Recipient{text, found[0]}, nil
}

// String is the recipient as it was given; it is no secret.
func (r Recipient) String() string { return r.text }

// Wrap encrypts a key to the recipient: an age file whose content is the key's
// Bytes, so that `age --decrypt` gives them back. Each call gives another file.
func (r Recipient) Wrap(k Key) ([]byte, error) { return r.Encrypt(k.Bytes()) }

// Encrypt makes an age file for the recipient. Each call gives another file.
func (r Recipient) Encrypt(plain []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := age.Encrypt(&out, r.to)
	if err != nil {
		return nil, ErrNoRecipient // a point that belongs to nobody
	}
	if _, err := w.Write(plain); err != nil {
		return nil, ErrNoRecipient
	}
	if err := w.Close(); err != nil {
		return nil, ErrNoRecipient
	}
	return out.Bytes(), nil
}

// Identity is the secret half: it is kept off the cluster and unwraps what was
// wrapped to its Recipient.
type Identity struct{ of []age.Identity }

// ParseIdentity reads a file as age-keygen writes it, with one identity or several.
func ParseIdentity(raw []byte) (Identity, error) {
	found, err := age.ParseIdentities(bytes.NewReader(raw))
	if err != nil {
		return Identity{}, ErrNoIdentity
	}
	return Identity{found}, nil
}

// String says nothing of the identity.
func (i Identity) String() string { return "age identity" }

// GoString says nothing of the identity.
func (i Identity) GoString() string { return i.String() }

// Unwrap gives back the key in a wrapped copy. It fails with ErrNotForUs, ErrNotACopy
// or ErrNotAKey.
func (i Identity) Unwrap(wrapped []byte) (Key, error) {
	in, err := age.Decrypt(bytes.NewReader(wrapped), i.of...)
	var other *age.NoIdentityMatchError
	if errors.As(err, &other) {
		return Key{}, ErrNotForUs
	}
	if err != nil {
		return Key{}, ErrNotACopy
	}
	raw, err := io.ReadAll(io.LimitReader(in, Size+1))
	if err != nil {
		return Key{}, ErrNotACopy
	}
	return Parse(raw)
}
