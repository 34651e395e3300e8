// Package seal closes what a copy of the database must not give away, such as the
// password of a mail server: AES-256-GCM under keys that come from outside of the
// database. Where a secret stands is bound into it, so that one copied to another place
// does not open there. It decides nothing about who may read what.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"fmt"
	"strings"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// form begins every sealed text; another form of sealing begins otherwise. The key's id,
// and nonce and cipher text as base64url, follow.
const form = "sealed:1:"

// Sealer seals with the first of the keys as they are now, and opens with all of them.
type Sealer struct{ keys func() contract.Keys }

// New makes a sealer over keys that may change while it works.
func New(keys func() contract.Keys) *Sealer { return &Sealer{keys} }

// IsSealed says whether a text looks like what Seal gives.
func IsSealed(text string) bool { return strings.HasPrefix(text, form) }

// Seal closes a text for a place, such as "setting/notify.senders/mail". The empty text
// stays empty: there is nothing to hide. Code seal_key_missing without a key.
func (s *Sealer) Seal(place, text string) (string, error) {
	if text == "" {
		return "", nil
	}
	keys := s.keys().Seal
	if len(keys) == 0 {
		return "", kernel.Unavailable("seal_key_missing")
	}
	box, err := boxOf(keys[0])
	if err != nil {
		return "", err
	}
	sealed := box.Seal(nil, nil, []byte(text), []byte(place))
	return form + keys[0].ID + ":" + base64.RawURLEncoding.EncodeToString(sealed), nil
}

// Open gives the text that Seal closed for the same place. A text that is not sealed is
// given as it is: it was kept before there were keys. Code seal_key_wrong if none of the
// keys opens it, which also is so if somebody changed it or put it elsewhere.
func (s *Sealer) Open(place, text string) (string, error) {
	if !IsSealed(text) {
		return text, nil
	}
	id, body, _ := strings.Cut(strings.TrimPrefix(text, form), ":")
	raw, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil {
		return "", wrong(place, id, "it is cut off or was changed")
	}
	for _, key := range s.keys().Seal {
		if key.ID != id {
			continue
		}
		box, err := boxOf(key)
		if err != nil {
			return "", err
		}
		opened, err := box.Open(nil, nil, raw, []byte(place))
		if err != nil {
			return "", wrong(place, id, "the key does not open it: it was changed, or stood elsewhere")
		}
		return string(opened), nil
	}
	return "", wrong(place, id, "no key of that id is in "+contract.FileKeys)
}

// Fresh says whether a text is sealed with the key that seals now, or is empty.
func (s *Sealer) Fresh(text string) bool {
	keys := s.keys().Seal
	return text == "" || len(keys) > 0 && strings.HasPrefix(text, form+keys[0].ID+":")
}

// Ready says whether there is a key to seal with.
func (s *Sealer) Ready() bool { return len(s.keys().Seal) > 0 }

// wrong tells people that a secret has to be typed in again, and the log why.
func wrong(place, id, why string) error {
	return kernel.Conflict("seal_key_wrong").Because(fmt.Errorf("open the secret %s, which key %q sealed: %s", place, id, why))
}

// boxOf draws a nonce of 96 bits for each text by itself.
func boxOf(key contract.SealKey) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key.Key)
	if err == nil {
		var box cipher.AEAD
		if box, err = cipher.NewGCMWithRandomNonce(block); err == nil {
			return box, nil
		}
	}
	return nil, fmt.Errorf("use the sealing key %s: %w", key.ID, err)
}
