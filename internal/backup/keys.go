package backup

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"errors"
)

// Keys are derived from a tenant's backup key (keys.Backup of its root key, 32 bytes)
// by HKDF-SHA256 without salt, so that openssl can derive them too:
//
//	password of a generation   hex of HKDF(info "generation/<generation>")
//	seal of an epoch           48 bytes of HKDF(info "epoch/<epoch>"): AES-256 key and initial counter
//	signature                  HKDF(info "sign") is the Ed25519 seed
type Keys struct{ key []byte }

// KeysOf derives from a tenant's backup key.
func KeysOf(backupKey []byte) Keys { return Keys{backupKey} }

func (k Keys) derive(info string, size int) []byte {
	derived, err := hkdf.Key(sha256.New, k.key, nil, info, size)
	if err != nil {
		panic(err) // only a far longer result is an error
	}
	return derived
}

// Password of a generation's restic repository.
func (k Keys) Password(generation string) string {
	return hex.EncodeToString(k.derive("generation/"+generation, 32))
}

// Signer signs manifests.
func (k Keys) Signer() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(k.derive("sign", ed25519.SeedSize))
}

// Verifier checks manifests.
func (k Keys) Verifier() ed25519.PublicKey { return k.Signer().Public().(ed25519.PublicKey) }

// SealIdentity seals or opens the age identity of an epoch (AES-256-CTR). Each epoch has
// a key of its own, which seals this one text. Whoever opens it compares its recipient
// with that of a signed manifest.
func (k Keys) SealIdentity(epoch string, text []byte) []byte {
	derived := k.derive("epoch/"+epoch, 32+aes.BlockSize)
	block, err := aes.NewCipher(derived[:32])
	if err != nil {
		panic(err) // only another length is an error
	}
	sealed := make([]byte, len(text))
	cipher.NewCTR(block, derived[32:]).XORKeyStream(sealed, text)
	return sealed
}

// ErrSignature says that a manifest is not what was signed with the tenant's key.
var ErrSignature = errors.New("its signature does not fit: it was changed, cut off, or is of another tenant")
