package auth

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
	"github.com/uptrace/bun"
)

// findAccount gives nil if the person has none.
func (s *Service) findAccount(ctx context.Context, person kernel.ID) (*account, error) {
	row := &account{PersonID: person}
	err := s.db.Q(ctx).NewSelect().Model(row).WherePK().Scan(ctx)
	if store.IsNoRows(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read an account: %w", err)
	}
	return row, nil
}

// ensureAccount makes an account without a password unless there is one.
func (s *Service) ensureAccount(ctx context.Context, person kernel.ID) error {
	row := &account{PersonID: person, CreatedAt: s.clock()}
	if _, err := s.db.Q(ctx).NewInsert().Model(row).On("CONFLICT DO NOTHING").Exec(ctx); err != nil {
		return fmt.Errorf("make an account: %w", err)
	}
	return nil
}

func (s *Service) setPassword(ctx context.Context, person kernel.ID, hash string) error {
	_, err := s.db.Q(ctx).NewUpdate().Model((*account)(nil)).
		Set("password_hash = ?", hash).Set("password_changed_at = ?", s.clock()).Where("person_id = ?", person).Exec(ctx)
	if err != nil {
		return fmt.Errorf("set a password: %w", err)
	}
	return nil
}

func (s *Service) setLocale(ctx context.Context, person kernel.ID, locale kernel.Locale) error {
	_, err := s.db.Q(ctx).NewUpdate().Model((*account)(nil)).Set("locale = ?", string(locale)).Where("person_id = ?", person).Exec(ctx)
	if err != nil {
		return fmt.Errorf("set a language: %w", err)
	}
	return nil
}

// tokenHash is what is kept of a session's token.
type tokenHash [sha256.Size]byte

// findSession gives a session that has not expired, with the stamp of access and what its
// person agreed to; nil if there is none.
func (s *Service) findSession(ctx context.Context, token string) (*session, error) {
	hash := tokenHash(hashToken(token))
	found, err := s.findSessions(ctx, []tokenHash{hash})
	return found[hash], err
}

// findSessions is findSession for many.
func (s *Service) findSessions(ctx context.Context, hashes []tokenHash) (map[tokenHash]*session, error) {
	list := make([][]byte, len(hashes))
	for i := range hashes {
		list[i] = hashes[i][:]
	}
	var rows []*session
	err := s.db.Q(ctx).NewSelect().Model(&rows).
		ColumnExpr("s.*").ColumnExpr("(SELECT value FROM stamp WHERE name = 'access') AS access").
		ColumnExpr("(SELECT coalesce(max(edition), 0) FROM consent WHERE person_id = s.person_id AND withdrawn_at IS NULL) AS agreed").
		Where("s.token_sha256 IN (?)", bun.List(list)).Where("s.expires_at > ?", s.clock()).Where("s.data_epoch = ?", s.settings().DataEpoch).
		Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("find a session: %w", err)
	}
	found := make(map[tokenHash]*session, len(rows))
	for _, row := range rows {
		found[tokenHash(row.TokenSHA256)] = row
	}
	return found, nil
}

func (s *Service) markSeen(ctx context.Context, id kernel.ID, now time.Time) error {
	_, err := s.db.Q(ctx).NewUpdate().Model((*session)(nil)).
		Set("seen_at = ?", now).Set("address = ?", kernel.RequestFrom(ctx).Address).Where("id = ?", id).Exec(ctx)
	if err != nil {
		return fmt.Errorf("note the use of a session: %w", err)
	}
	return nil
}

// sessionsOf gives a person's living sessions, newest first.
func (s *Service) sessionsOf(ctx context.Context, person kernel.ID) ([]session, error) {
	var rows []session
	err := s.db.Q(ctx).NewSelect().Model(&rows).Where("person_id = ?", person).Where("expires_at > ?", s.clock()).
		Where("data_epoch = ?", s.settings().DataEpoch).Order("seen_at DESC", "id DESC").Limit(kernel.MaxPage).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	return rows, nil
}

// deleteSession ends one session of a person and says whether there was one.
func (s *Service) deleteSession(ctx context.Context, person, id kernel.ID) (bool, error) {
	result, err := s.db.Q(ctx).NewDelete().Model((*session)(nil)).Where("id = ?", id).Where("person_id = ?", person).Exec(ctx)
	if err != nil {
		return false, fmt.Errorf("end a session: %w", err)
	}
	s.ended(ctx, person, id, kernel.NoID)
	n, err := result.RowsAffected()
	return n > 0, err
}

// deleteSessions ends a person's sessions except one; NoID: all.
func (s *Service) deleteSessions(ctx context.Context, person, except kernel.ID) error {
	_, err := s.db.Q(ctx).NewDelete().Model((*session)(nil)).Where("person_id = ?", person).Where("id <> ?", except).Exec(ctx)
	if err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	s.ended(ctx, person, kernel.NoID, except)
	return nil
}

// saveInvitation replaces the person's open one.
func (s *Service) saveInvitation(ctx context.Context, row *invitation) error {
	_, err := s.db.Q(ctx).NewInsert().Model(row).On("CONFLICT (person_id) DO UPDATE").
		Set("token_sha256 = EXCLUDED.token_sha256").Set("data_epoch = EXCLUDED.data_epoch").Set("created_by = EXCLUDED.created_by").
		Set("created_at = EXCLUDED.created_at").Set("expires_at = EXCLUDED.expires_at").Exec(ctx)
	if err != nil {
		return fmt.Errorf("keep an invitation: %w", err)
	}
	return nil
}

// openInvitation gives the invitation of a code, nil if it is unknown, used or
// expired; lock keeps others from using it until the transaction ends.
func (s *Service) openInvitation(ctx context.Context, hash []byte, lock bool) (*invitation, error) {
	row := new(invitation)
	query := s.db.Q(ctx).NewSelect().Model(row).Where("token_sha256 = ?", hash).Where("expires_at > ?", s.clock()).
		Where("data_epoch = ?", s.settings().DataEpoch)
	if lock {
		query = query.For("UPDATE")
	}
	err := query.Scan(ctx)
	if store.IsNoRows(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find an invitation: %w", err)
	}
	return row, nil
}

// invitationOf gives a person's open invitation, nil if there is none.
func (s *Service) invitationOf(ctx context.Context, person kernel.ID) (*invitation, error) {
	row := &invitation{PersonID: person}
	err := s.db.Q(ctx).NewSelect().Model(row).WherePK().Where("expires_at > ?", s.clock()).
		Where("data_epoch = ?", s.settings().DataEpoch).Scan(ctx)
	if store.IsNoRows(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find an invitation: %w", err)
	}
	return row, nil
}

func (s *Service) deleteInvitation(ctx context.Context, person kernel.ID) error {
	_, err := s.db.Q(ctx).NewDelete().Model((*invitation)(nil)).Where("person_id = ?", person).Exec(ctx)
	if err != nil {
		return fmt.Errorf("take back an invitation: %w", err)
	}
	return nil
}

func (s *Service) deleteExpired(ctx context.Context, now time.Time) error {
	for _, model := range []any{(*session)(nil), (*invitation)(nil)} {
		if _, err := s.db.Q(ctx).NewDelete().Model(model).Where("expires_at <= ?", now).Exec(ctx); err != nil {
			return fmt.Errorf("delete what expired: %w", err)
		}
	}
	return nil
}

// takeOnce says whether this is the first time in the company's life.
func (s *Service) takeOnce(ctx context.Context, key string) (bool, error) {
	result, err := s.db.Q(ctx).NewRaw("INSERT INTO once (key) VALUES (?) ON CONFLICT DO NOTHING", key).Exec(ctx)
	if err != nil {
		return false, fmt.Errorf("mark %s as done: %w", key, err)
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

func (s *Service) isDone(ctx context.Context, key string) (bool, error) {
	var done bool
	if err := s.db.Q(ctx).NewRaw("SELECT EXISTS (SELECT FROM once WHERE key = ?)", key).Scan(ctx, &done); err != nil {
		return false, fmt.Errorf("see whether %s is done: %w", key, err)
	}
	return done, nil
}
