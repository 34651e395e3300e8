package desk

import (
	"context"
	"crypto/sha256"
	"fmt"
	"regexp"
	"strings"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
	"github.com/google/uuid"
)

// codeForm is a code in its normal form: 16 of 32 signs that nobody mistakes for
// another, 80 bits.
var codeForm = regexp.MustCompile(`^[A-HJ-NP-Z2-9]{16}$`)

var codeNoise = strings.NewReplacer("-", "", " ", "")

// hashOf gives what is kept of a code; code code_malformed.
func hashOf(code string) ([]byte, error) {
	code = codeNoise.Replace(strings.ToUpper(code))
	if !codeForm.MatchString(code) {
		return nil, kernel.Invalid("code_malformed").OnField("body.code")
	}
	sum := sha256.Sum256([]byte(code))
	return sum[:], nil
}

// hide makes a suggestion one of which nobody learns whose it is. Its id is made from
// the code: one that a client makes tells the time to the millisecond.
func (s *Service) hide(ctx context.Context, r *row, code string) error {
	settings, err := s.Settings(ctx)
	if err != nil {
		return err
	}
	if !settings.Anonymous {
		return kernel.Forbidden("anonymous_not_allowed")
	}
	if r.CodeHash, err = hashOf(code); err != nil {
		return err
	}
	r.ID = uuid.NewSHA1(kernel.NoID, r.CodeHash)
	return nil
}

// byCode finds an anonymous suggestion; code code_unknown.
func (s *Service) byCode(ctx context.Context, code string) (kernel.ID, error) {
	hash, err := hashOf(code)
	if err != nil {
		return kernel.NoID, err
	}
	var id kernel.ID
	err = s.DB.Q(ctx).NewRaw(`SELECT id FROM suggestion WHERE code_hash = ?`, hash).Scan(ctx, &id)
	if store.IsNoRows(err) {
		return id, kernel.NotFound("code_unknown")
	}
	if err != nil {
		return id, fmt.Errorf("look for a suggestion by its code: %w", err)
	}
	return id, nil
}

// LookUp is an anonymous suggestion as its author sees it.
func (s *Service) LookUp(ctx context.Context, code string) (SuggestionDetail, error) {
	id, err := s.byCode(ctx, code)
	if err != nil {
		return SuggestionDetail{}, err
	}
	return s.detail(ctx, id, true)
}

// FollowUp says more in the name of an anonymous author. With the same id again it
// changes nothing.
func (s *Service) FollowUp(ctx context.Context, code string, id kernel.ID, text string) (SuggestionDetail, error) {
	suggestion, err := s.byCode(ctx, code)
	if err != nil {
		return SuggestionDetail{}, err
	}
	id = uuid.NewSHA1(suggestion, id[:]) // the client's tells the time
	if err := s.act(ctx, suggestion, doing{id: id, verb: Follow, text: text, author: true}); err != nil {
		return SuggestionDetail{}, err
	}
	return s.detail(ctx, suggestion, true)
}
