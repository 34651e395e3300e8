package auth

import (
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"github.com/uptrace/bun"
)

// Account is how a person signs in.
type account struct {
	bun.BaseModel `bun:"table:account,alias:a"`

	PersonID          kernel.ID  `bun:"person_id,pk,type:uuid"`
	PasswordHash      string     `bun:"password_hash,nullzero"` // empty: invited, not yet active
	PasswordChangedAt *time.Time `bun:"password_changed_at"`
	Locale            string     `bun:"locale,nullzero"`
	CreatedAt         time.Time  `bun:"created_at"`
}

// session is one browser that is signed in. Only the hash of its token is kept.
type session struct {
	bun.BaseModel `bun:"table:session,alias:s"`

	ID          kernel.ID `bun:"id,pk,type:uuid"`
	PersonID    kernel.ID `bun:"person_id,type:uuid"`
	TokenSHA256 []byte    `bun:"token_sha256,type:bytea"`
	Shared      bool      `bun:"shared"` // a computer that others use too
	DataEpoch   int64     `bun:"data_epoch"`
	UserAgent   string    `bun:"user_agent"`
	Address     string    `bun:"address"`
	CreatedAt   time.Time `bun:"created_at"`
	SeenAt      time.Time `bun:"seen_at"`
	ExpiresAt   time.Time `bun:"expires_at"`

	// Where they were asked for: the stamp of what people may do, and the newest edition
	// of the texts that the person agreed to.
	Access kernel.ID `bun:"access,type:uuid,scanonly"`
	Agreed int       `bun:"agreed,scanonly"`
}

// invitation is the one open link or code with which a person sets a password.
type invitation struct {
	bun.BaseModel `bun:"table:invitation,alias:i"`

	PersonID    kernel.ID `bun:"person_id,pk,type:uuid"`
	TokenSHA256 []byte    `bun:"token_sha256,type:bytea"`
	DataEpoch   int64     `bun:"data_epoch"`
	CreatedBy   kernel.ID `bun:"created_by,type:uuid"`
	CreatedAt   time.Time `bun:"created_at"`
	ExpiresAt   time.Time `bun:"expires_at"`
}
