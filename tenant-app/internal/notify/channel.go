package notify

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"math/big"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
)

// The kinds of channel, in the order in which they are tried.
const (
	Push     = "push"
	WeCom    = "wecom"
	DingTalk = "dingtalk"
	Feishu   = "feishu"
	Mail     = "mail"
	SMS      = "sms"
)

var kinds = []string{Push, WeCom, DingTalk, Feishu, Mail, SMS}

const (
	codeLife  = 10 * time.Minute
	codePause = time.Minute // between two codes of a channel
	codeTries = 5
)

// Channel is a way to a person, as they see it.
type Channel struct {
	Kind     string     `json:"kind" enum:"push,wecom,dingtalk,feishu,mail,sms"`
	Open     bool       `json:"open" doc:"The company has this way"`
	Address  string     `json:"address,omitempty" doc:"Mail address, phone number or id there; of push how many browsers"`
	TestedAt *time.Time `json:"testedAt,omitempty" doc:"It is used since then; absent: not tested"`
	FailedAt *time.Time `json:"failedAt,omitempty" doc:"The last message did not go out"`
	Why      string     `json:"failedWhy,omitempty" enum:"paused,not_allowed,no_browser,unreachable,unreadable,refused"`
}

type channelRow struct {
	Kind     string     `bun:"kind"`
	Address  string     `bun:"address"`
	Code     []byte     `bun:"code_sha256"`
	CodeAt   *time.Time `bun:"code_at"`
	Tries    int        `bun:"tries"`
	TestedAt *time.Time `bun:"tested_at"`
	FailedAt *time.Time `bun:"failed_at"`
	Why      string     `bun:"failed_why"`
}

// way is a channel that can be used now.
type way struct {
	Kind string
	send func(ctx context.Context, l letter) error
}

// Channels are all kinds with what a person has of them.
func (s *Service) Channels(ctx context.Context, person kernel.ID) ([]Channel, error) {
	rows, err := s.channels(ctx, person)
	if err != nil {
		return nil, err
	}
	senders, err := s.senders(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]Channel, len(kinds))
	for i, kind := range kinds {
		out[i] = Channel{Kind: kind, Open: senders.has(kind)}
		if row, has := rows[kind]; has {
			out[i].Address, out[i].TestedAt, out[i].FailedAt, out[i].Why = row.Address, row.TestedAt, row.FailedAt, row.Why
		}
	}
	return out, nil
}

func (s *Service) channels(ctx context.Context, person kernel.ID) (map[string]channelRow, error) {
	var rows []channelRow
	err := s.DB.Q(ctx).NewRaw(`SELECT kind, address, code_sha256, code_at, tries, tested_at, failed_at, failed_why FROM notice_channel WHERE person_id = ?`, person).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read the channels of a person: %w", err)
	}
	out := map[string]channelRow{}
	for _, row := range rows {
		out[row.Kind] = row
	}
	return out, nil
}

// ways are the tested channels of a person that the company has, the first choice first.
func (s *Service) ways(ctx context.Context, person kernel.ID) ([]way, error) {
	rows, err := s.channels(ctx, person)
	if err != nil {
		return nil, err
	}
	senders, err := s.senders(ctx)
	if err != nil {
		return nil, err
	}
	var out []way
	for _, kind := range kinds {
		if row, has := rows[kind]; has && row.TestedAt != nil && senders.has(kind) {
			out = append(out, s.way(senders, person, row))
		}
	}
	return out, nil
}

func (s *Service) way(senders Senders, person kernel.ID, row channelRow) way {
	return way{Kind: row.Kind, send: func(ctx context.Context, l letter) error {
		switch row.Kind {
		case Push:
			return s.push(ctx, person, l)
		case Mail:
			from, err := *senders.Mail, error(nil)
			if from.Password, err = s.Sealer.Open(mailPlace, from.Password); err != nil {
				return err
			}
			return s.mail(ctx, from, row.Address, l)
		}
		to, err := senders.Hooks[row.Kind], error(nil)
		if to.Secret, err = s.Sealer.Open(hookPlace+row.Kind, to.Secret); err != nil {
			return err
		}
		return s.hook(ctx, to, row.Kind, row.Address, l)
	}}
}

// noteFailure shows on a channel whether the last message went out, and why not.
func (s *Service) noteFailure(ctx context.Context, person kernel.ID, kind string, failure error) error {
	var at *time.Time
	if failure != nil {
		now := s.Clock()
		at = &now
	}
	_, err := s.DB.Q(ctx).NewRaw(`UPDATE notice_channel SET failed_at = ?0, failed_why = ?1 WHERE person_id = ?2 AND kind = ?3 AND failed_at IS DISTINCT FROM ?0`,
		at, why(failure), person, kind).Exec(ctx)
	if err != nil {
		return fmt.Errorf("note how a channel works: %w", err)
	}
	return nil
}

var (
	phone = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	name  = regexp.MustCompile(`^[A-Za-z0-9._@-]{1,64}$`)
)

// address reads what somebody typed; code address_invalid.
func address(kind, typed string) (string, error) {
	typed, ok := strings.TrimSpace(typed), false
	switch kind {
	case Mail:
		parsed, err := mail.ParseAddress(typed)
		ok = err == nil && parsed.Address == typed && len(typed) <= 254
	case SMS:
		if len(typed) == 11 && typed[0] == '1' {
			typed = "+86" + typed
		}
		ok = phone.MatchString(typed)
	default:
		ok = name.MatchString(typed)
	}
	if !ok {
		return "", kernel.Invalid("address_invalid").OnField("body.address")
	}
	return typed, nil
}

// Try sends a code to an address of a person; whoever types it in has shown that the
// way leads to them. Codes channel_closed, address_invalid, code_too_soon, and
// channel_failed if it does not go out.
func (s *Service) Try(ctx context.Context, person kernel.ID, kind, typed string) error {
	senders, err := s.senders(ctx)
	if err != nil {
		return err
	}
	if !slices.Contains(kinds, kind) || !senders.has(kind) {
		return kernel.Conflict("channel_closed")
	}
	row := channelRow{Kind: kind}
	if kind == Push {
		if row.Address, err = s.browsers(ctx, person); err != nil {
			return err
		}
	} else if row.Address, err = address(kind, typed); err != nil {
		return err
	}
	code, err := newCode()
	if err != nil {
		return err
	}
	if err := s.keepCode(ctx, person, row, code); err != nil {
		return err
	}
	w := s.words()
	err = s.way(senders, person, row).send(ctx, letter{
		ID: kernel.NewID(), Title: w.test, Text: fmt.Sprintf(w.code, code), Link: s.Settings().URL + "/me/notices", Code: code, Urgent: true,
	})
	if err == nil {
		return nil
	}
	if noted := s.noteFailure(ctx, person, kind, err); noted != nil {
		return noted
	}
	return failed(kind, err)
}

// failed tells whoever waits for a test that, and why, it did not go out.
func failed(kind string, err error) error {
	return kernel.Conflict("channel_failed").With("kind", kind).With("why", why(err)).Because(err)
}

func newCode() (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return "", fmt.Errorf("make a code: %w", err)
	}
	return fmt.Sprintf("%06d", n), nil
}

func sum(person kernel.ID, code string) []byte {
	out := sha256.Sum256(append(person[:], code...))
	return out[:]
}

// keepCode notes a code and the address that it goes to. A tested channel with the same
// address stays in use meanwhile.
func (s *Service) keepCode(ctx context.Context, person kernel.ID, row channelRow, code string) error {
	now := s.Clock()
	var kept bool
	err := s.DB.Q(ctx).NewRaw(`INSERT INTO notice_channel AS c (person_id, kind, address, code_sha256, code_at) VALUES (?0, ?1, ?2, ?3, ?4)
		ON CONFLICT (person_id, kind) DO UPDATE SET address = EXCLUDED.address, code_sha256 = EXCLUDED.code_sha256, code_at = EXCLUDED.code_at, tries = 0,
			tested_at = CASE WHEN c.address = EXCLUDED.address OR c.kind = 'push' THEN c.tested_at END
		WHERE c.code_at IS NULL OR c.code_at <= ?5 RETURNING true`, person, row.Kind, row.Address, sum(person, code), now, now.Add(-codePause)).Scan(ctx, &kept)
	if store.IsNoRows(err) {
		return kernel.TooMany("code_too_soon").With("minutes", int(codePause.Minutes()))
	}
	if err != nil {
		return fmt.Errorf("keep a code: %w", err)
	}
	return nil
}

// Confirm takes the code that came; the channel is used from then on. Code code_wrong,
// also for one that is too old or was tried too often.
func (s *Service) Confirm(ctx context.Context, person kernel.ID, kind, code string) error {
	row, has := channelRow{}, false
	// Counted whatever becomes of the request.
	out := store.WithoutTx(ctx)
	err := s.DB.Q(out).NewRaw(`UPDATE notice_channel SET tries = tries + 1 WHERE person_id = ? AND kind = ? AND code_sha256 IS NOT NULL
		RETURNING kind, code_sha256, code_at, tries`, person, kind).Scan(out, &row)
	if has = err == nil; !has && !store.IsNoRows(err) {
		return fmt.Errorf("try a code: %w", err)
	}
	if !has || row.Tries > codeTries || s.Clock().After(row.CodeAt.Add(codeLife)) || subtle.ConstantTimeCompare(row.Code, sum(person, strings.TrimSpace(code))) != 1 {
		return kernel.Invalid("code_wrong").OnField("body.code")
	}
	_, err = s.DB.Q(out).NewRaw(`UPDATE notice_channel SET tested_at = ?, failed_at = NULL, failed_why = '', code_sha256 = NULL WHERE person_id = ? AND kind = ?`, s.Clock(), person, kind).Exec(out)
	if err != nil {
		return fmt.Errorf("take a channel into use: %w", err)
	}
	return nil
}

// Leave takes a channel out of use.
func (s *Service) Leave(ctx context.Context, person kernel.ID, kind string) error {
	if _, err := s.DB.Q(ctx).NewRaw(`DELETE FROM notice_channel WHERE person_id = ? AND kind = ?`, person, kind).Exec(ctx); err != nil {
		return fmt.Errorf("take a channel out of use: %w", err)
	}
	return nil
}
