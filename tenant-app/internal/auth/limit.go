package auth

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
)

// limit is how many attempts one key has in a window before it is locked.
type limit struct {
	attempts int
	window   time.Duration
	lock     time.Duration
}

// The limits on guessing. They count what was typed, never whether it exists. The
// narrow one, a name from one address, stops guessing without locking the person
// out elsewhere; the wide one on the name stops many addresses together; the one
// on the address stops trying many names, and is wide because an office shares an
// address.
var (
	limitBoth    = limit{attempts: 8, window: 15 * time.Minute, lock: 15 * time.Minute}
	limitName    = limit{attempts: 100, window: time.Hour, lock: 15 * time.Minute}
	limitAddress = limit{attempts: 200, window: 15 * time.Minute, lock: 15 * time.Minute}
)

// longestWindow is how long a count can matter.
const longestWindow = time.Hour

// attempt is one try to sign in or to use a code. Without a gateway nobody tells
// the address, and the name alone counts.
type attempt struct {
	name, address, both []byte
}

func newAttempt(kind, name, address string) attempt {
	a := attempt{name: hashKey(kind, "name", name)}
	if address != "" {
		a.address = hashKey(kind, "address", address)
		a.both = hashKey(kind, "both", name, address)
	}
	return a
}

// newAddressAttempt counts by address alone.
func newAddressAttempt(kind, address string) attempt {
	if address == "" {
		return attempt{}
	}
	return attempt{address: hashKey(kind, "address", address)}
}

func hashKey(parts ...string) []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", parts))
	return sum[:]
}

// take counts the attempt before it is made, so that many at once cannot slip
// through, and refuses it with code too_many_attempts if a key is locked. The
// narrow limit comes first: what it refuses does not count against the name, so
// that one address cannot lock a person out everywhere. It leaves any
// transaction: a failed attempt stays counted.
func (s *Service) take(ctx context.Context, a attempt) error {
	ctx = store.WithoutTx(ctx)
	now := s.clock()
	for _, counted := range []struct {
		key []byte
		limit
	}{{a.both, limitBoth}, {a.address, limitAddress}, {a.name, limitName}} {
		if counted.key == nil {
			continue
		}
		until, err := s.countAttempt(ctx, counted.key, counted.limit, now)
		if err != nil {
			return err
		}
		if until.After(now) {
			// To the log alone: who is locked out can go on trying, as often as they like.
			s.log.InfoContext(ctx, "sign-in locked", "address", kernel.RequestFrom(ctx).Address)
			return kernel.TooMany("too_many_attempts").With("minutes", int(until.Sub(now).Minutes())+1)
		}
	}
	return nil
}

// countAttempt adds one to a key's count and gives the time until which it is
// locked, zero if it is not.
func (s *Service) countAttempt(ctx context.Context, key []byte, l limit, now time.Time) (time.Time, error) {
	var locked *time.Time
	err := s.db.Q(ctx).NewRaw(`
INSERT INTO sign_in_attempt AS a (key_sha256, attempts, window_start) VALUES (?0, 1, ?1)
ON CONFLICT (key_sha256) DO UPDATE SET
	attempts     = CASE WHEN a.window_start < ?2 AND coalesce(a.locked_until, ?1) <= ?1 THEN 1 ELSE a.attempts + 1 END,
	window_start = CASE WHEN a.window_start < ?2 AND coalesce(a.locked_until, ?1) <= ?1 THEN ?1 ELSE a.window_start END,
	locked_until = CASE
		WHEN a.locked_until > ?1 THEN a.locked_until
		WHEN a.window_start < ?2 THEN NULL
		WHEN a.attempts + 1 > ?3 THEN ?4
	END
RETURNING locked_until`, key, now, now.Add(-l.window), l.attempts, now.Add(l.lock)).Scan(ctx, &locked)
	if err != nil {
		return time.Time{}, fmt.Errorf("count an attempt to sign in: %w", err)
	}
	if locked == nil {
		return time.Time{}, nil
	}
	return *locked, nil
}

// forgive drops the counts of a name after a success, and takes this one attempt
// back from its address: an office signs in from one. It takes back no more, so
// that a success with one account buys no guesses at others.
func (s *Service) forgive(ctx context.Context, a attempt) error {
	for _, key := range [][]byte{a.name, a.both} {
		if _, err := s.db.Q(ctx).NewRaw("DELETE FROM sign_in_attempt WHERE key_sha256 = ?", key).Exec(ctx); err != nil {
			return fmt.Errorf("forget attempts to sign in: %w", err)
		}
	}
	if _, err := s.db.Q(ctx).NewRaw("UPDATE sign_in_attempt SET attempts = attempts - 1 WHERE key_sha256 = ? AND attempts > 0", a.address).Exec(ctx); err != nil {
		return fmt.Errorf("forget attempts to sign in: %w", err)
	}
	return nil
}

func (s *Service) forgetAttempts(ctx context.Context, before time.Time) error {
	_, err := s.db.Q(ctx).NewRaw("DELETE FROM sign_in_attempt WHERE window_start < ? AND coalesce(locked_until, window_start) < ?", before, before).Exec(ctx)
	if err != nil {
		return fmt.Errorf("forget attempts to sign in: %w", err)
	}
	return nil
}
