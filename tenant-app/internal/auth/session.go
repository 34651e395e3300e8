package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/privacy"
)

// How long a session lasts, and how exactly its last use is known.
const (
	sessionLife       = 30 * 24 * time.Hour
	sharedSessionLife = 8 * time.Hour
	seenEvery         = 5 * time.Minute
)

// tokenBytes make a session's token: as many as cannot be guessed.
const tokenBytes = 32

// startSession signs a person in and gives the token for the cookie.
func (s *Service) startSession(ctx context.Context, person kernel.ID, shared bool) (string, error) {
	raw := make([]byte, tokenBytes)
	_, _ = rand.Read(raw) // never fails: crypto/rand ends the program instead
	token := base64.RawURLEncoding.EncodeToString(raw)
	now, request := s.clock(), kernel.RequestFrom(ctx)
	life := sessionLife
	if shared {
		life = sharedSessionLife
	}
	row := &session{
		ID: kernel.NewID(), PersonID: person, TokenSHA256: hashToken(token), Shared: shared,
		DataEpoch: s.settings().DataEpoch, UserAgent: request.Agent, Address: request.Address,
		CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(life),
	}
	if _, err := s.db.Q(ctx).NewInsert().Model(row).Exec(ctx); err != nil {
		return "", fmt.Errorf("start a session: %w", err)
	}
	return token, nil
}

func hashToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// wellFormed spares the database the look-up of what no session can be.
func wellFormed(token string) bool {
	encoding := base64.RawURLEncoding.Strict()
	if len(token) != encoding.EncodedLen(tokenBytes) { // the decoder skips line breaks
		return false
	}
	raw, err := encoding.DecodeString(token)
	return err == nil && len(raw) == tokenBytes
}

// Authenticate gives the person behind a session's token. It fails with an error
// of kind unauthorized if the session ended, or expired, or the person was
// deactivated, or the data were restored since. It takes one query for somebody who
// came in lately, and no more for all who come meanwhile.
func (s *Service) Authenticate(ctx context.Context, token string) (kernel.Principal, error) {
	ended := kernel.Unauthorized("session_ended")
	if !wellFormed(token) {
		return kernel.Principal{}, ended
	}
	row, err := s.sessions.Get(ctx, tokenHash(hashToken(token)))
	if err != nil {
		return kernel.Principal{}, err
	}
	if row == nil {
		return kernel.Principal{}, ended
	}
	who, err := s.rights.EnterAt(ctx, row.PersonID, row.Access)
	if err != nil {
		return kernel.Principal{}, err
	}
	if now := s.clock(); now.Sub(row.SeenAt) >= seenEvery {
		if err := s.markSeen(ctx, row.ID, now); err != nil {
			return kernel.Principal{}, err
		}
	}
	who.SessionID, who.ConsentNeeded = row.ID, row.Agreed < privacy.Edition
	return who, nil
}

// EndSessions signs a person out everywhere and takes back an open invitation: for
// someone who is deactivated, or whose phone is lost.
func (s *Service) EndSessions(ctx context.Context, person kernel.ID) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.deleteSessions(ctx, person, kernel.NoID); err != nil {
			return err
		}
		if err := s.deleteInvitation(ctx, person); err != nil {
			return err
		}
		return s.audit.Write(ctx, "sessions_ended", person, nil)
	})
}
