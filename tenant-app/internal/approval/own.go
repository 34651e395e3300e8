package approval

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"atrium.dev/atrium/tenant-app/internal/directory"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
	"github.com/uptrace/bun/dialect/pgdialect"
)

// Limits of what people keep for themselves.
const (
	maxDrafts  = 100
	maxPhrases = 30
	maxPhrase  = 100
)

// Draft is a form that somebody has begun. Nobody else sees it.
type Draft struct {
	ID        kernel.ID      `json:"id" format:"uuid"`
	Form      FormRef        `json:"form"`
	Values    map[string]any `json:"values"`
	UpdatedAt time.Time      `json:"updatedAt"`
	Revision  int64          `json:"revision"`
}

type draftRow struct {
	ID        kernel.ID       `bun:"id"`
	FormKey   string          `bun:"form_key"`
	Values    json.RawMessage `bun:"form_values,type:json"`
	Revision  int64           `bun:"revision"`
	UpdatedAt time.Time       `bun:"updated_at"`
}

// Drafts are the reader's, the latest first.
func (s *Service) Drafts(ctx context.Context) ([]Draft, error) {
	return s.drafts(ctx, "TRUE")
}

func (s *Service) drafts(ctx context.Context, where string, args ...any) ([]Draft, error) {
	var rows []draftRow
	err := s.DB.Q(ctx).NewRaw(`SELECT id, form_key, form_values, revision, updated_at FROM approval_draft
		WHERE person_id = ? AND `+where+` ORDER BY updated_at DESC, id DESC LIMIT ?`,
		append(append([]any{reader(ctx).PersonID}, args...), maxDrafts)...).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read drafts: %w", err)
	}
	out := make([]Draft, 0, len(rows))
	for _, r := range rows {
		form, err := s.sheet(ctx, r.FormKey, 0)
		if err != nil {
			return nil, err
		}
		d := Draft{ID: r.ID, Form: form.ref(), UpdatedAt: r.UpdatedAt, Revision: r.Revision}
		if err := json.Unmarshal(r.Values, &d.Values); err != nil {
			return nil, fmt.Errorf("read draft %s: %w", r.ID, err)
		}
		out = append(out, d)
	}
	return out, nil
}

// Draft is one of the reader's; code draft_unknown.
func (s *Service) Draft(ctx context.Context, id kernel.ID) (Draft, error) {
	found, err := s.drafts(ctx, "id = ?", id)
	if err != nil {
		return Draft{}, err
	}
	if len(found) == 0 {
		return Draft{}, kernel.NotFound("draft_unknown")
	}
	return found[0], nil
}

// KeepDraft makes or replaces a draft. What is kept are the values that are right so
// far; the faults of the others are forgiven.
func (s *Service) KeepDraft(ctx context.Context, id kernel.ID, key string, raw json.RawMessage) error {
	form, err := s.sheet(ctx, key, 0)
	if err != nil {
		return err
	}
	reading, err := form.Read(ctx, raw, true)
	if err != nil {
		return err
	}
	values, err := json.Marshal(reading.Values)
	if err != nil {
		return fmt.Errorf("write the draft: %w", err)
	}
	who := reader(ctx).PersonID
	return s.DB.InTx(ctx, func(ctx context.Context) error {
		result, err := s.DB.Q(ctx).NewRaw(`INSERT INTO approval_draft AS d (id, person_id, form_key, form_values, revision, updated_at)
			VALUES (?, ?, ?, ?::jsonb, 1, ?) ON CONFLICT (id) DO UPDATE
			SET form_key = EXCLUDED.form_key, form_values = EXCLUDED.form_values, updated_at = EXCLUDED.updated_at, revision = d.revision + 1
			WHERE d.person_id = EXCLUDED.person_id`, id, who, key, string(values), s.Clock()).Exec(ctx)
		if err != nil {
			return fmt.Errorf("keep the draft: %w", err)
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return kernel.NotFound("draft_unknown").Because(err) // somebody else's
		}
		if err := s.Files.Hold(ctx, reading.Files, s.Clock().Add(keepDraft)); err != nil {
			return err
		}
		var count int
		if err := s.DB.Q(ctx).NewRaw(`SELECT count(*) FROM approval_draft WHERE person_id = ?`, who).Scan(ctx, &count); err != nil {
			return fmt.Errorf("count drafts: %w", err)
		}
		if count > maxDrafts {
			return kernel.Conflict("drafts_too_many").With("max", maxDrafts)
		}
		return nil
	})
}

// DropDraft deletes a draft of the reader; code draft_unknown.
func (s *Service) DropDraft(ctx context.Context, id kernel.ID) error {
	draft, err := s.Draft(ctx, id)
	if err != nil {
		return err
	}
	if err := s.Files.Hold(ctx, filesIn(draft.Values), s.Clock()); err != nil {
		return err
	}
	return s.dropDraft(ctx, id)
}

func (s *Service) dropDraft(ctx context.Context, id kernel.ID) error {
	_, err := s.DB.Q(ctx).NewRaw(`DELETE FROM approval_draft WHERE id = ? AND person_id = ?`, id, reader(ctx).PersonID).Exec(ctx)
	if err != nil {
		return fmt.Errorf("delete the draft: %w", err)
	}
	return nil
}

// firstPhrases are offered to whoever has chosen none.
var firstPhrases = map[kernel.Locale][]string{
	kernel.ZhCN: {"同意", "请尽快办理", "请补充材料后再提交", "不同意，请说明原因"},
	kernel.En:   {"Agreed", "Please go ahead quickly", "Please add what is missing", "Not agreed, please explain"},
}

// Phrases are the reader's sentences for comments (常用语).
func (s *Service) Phrases(ctx context.Context) ([]string, error) {
	var phrases []string
	err := s.DB.Q(ctx).NewRaw(`SELECT phrases FROM approval_phrase WHERE person_id = ?`, reader(ctx).PersonID).Scan(ctx, pgdialect.Array(&phrases))
	if store.IsNoRows(err) {
		return firstPhrases[kernel.MatchLocale(s.Settings().Locale, kernel.ZhCN)], nil
	}
	if err != nil {
		return nil, fmt.Errorf("read phrases: %w", err)
	}
	return phrases, nil
}

// KeepPhrases replaces the reader's sentences.
func (s *Service) KeepPhrases(ctx context.Context, phrases []string) error {
	if len(phrases) > maxPhrases {
		return kernel.Invalid("phrases_too_many").With("max", maxPhrases).OnField("body.phrases")
	}
	clean := make([]string, 0, len(phrases))
	for i, phrase := range phrases {
		phrase = strings.TrimSpace(phrase)
		if phrase == "" || utf8.RuneCountInString(phrase) > maxPhrase || strings.ContainsFunc(phrase, unicode.IsControl) {
			return kernel.Invalid("phrase_invalid").With("max", maxPhrase).OnField(fmt.Sprintf("body.phrases[%d]", i))
		}
		clean = append(clean, phrase)
	}
	_, err := s.DB.Q(ctx).NewRaw(`INSERT INTO approval_phrase (person_id, phrases) VALUES (?, ?) ON CONFLICT (person_id) DO UPDATE SET phrases = EXCLUDED.phrases`,
		reader(ctx).PersonID, pgdialect.Array(clean)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("keep phrases: %w", err)
	}
	return nil
}

// Delegation (委派) is who decides instead of the reader, and when.
type Delegation struct {
	Delegate *directory.PersonRef `json:"delegate,omitempty" doc:"Absent: the person decides alone"`
	From     string               `json:"from,omitempty" format:"date"`
	To       string               `json:"to,omitempty" format:"date" doc:"The last day, included"`
	Others   []StandsFor          `json:"others" doc:"Those whose delegate the reader is"`
}

// StandsFor is somebody instead of whom the reader decides, and when.
type StandsFor struct {
	Person directory.PersonRef `json:"person"`
	From   string              `json:"from" format:"date"`
	To     string              `json:"to" format:"date" doc:"The last day, included"`
}

// Delegation is the reader's, and those of others to the reader, if they have not
// passed.
func (s *Service) Delegation(ctx context.Context) (Delegation, error) {
	var rows []struct {
		Person   kernel.ID `bun:"person_id"`
		Delegate kernel.ID `bun:"delegate_id"`
		From     string    `bun:"first"`
		To       string    `bun:"last"`
	}
	out, me := Delegation{Others: []StandsFor{}}, reader(ctx).PersonID
	err := s.DB.Q(ctx).NewRaw(`SELECT person_id, delegate_id, to_char(from_day, 'YYYY-MM-DD') AS first, to_char(to_day, 'YYYY-MM-DD') AS last
		FROM approval_delegation WHERE ? IN (person_id, delegate_id) AND to_day >= ?::date ORDER BY from_day, person_id`, me, s.today()).Scan(ctx, &rows)
	if err != nil {
		return out, fmt.Errorf("read the delegations: %w", err)
	}
	refs := newPeople()
	for _, r := range rows {
		refs.want(r.Person, r.Delegate)
	}
	if err := s.load(ctx, refs); err != nil {
		return out, err
	}
	for _, r := range rows {
		if r.Person == me {
			out.Delegate, out.From, out.To = refs.maybe(&r.Delegate), r.From, r.To
		} else {
			out.Others = append(out.Others, StandsFor{Person: refs.ref(r.Person), From: r.From, To: r.To})
		}
	}
	return out, nil
}

// Delegate says who decides instead of the reader; kernel.NoID: nobody any more. It
// is about what comes from now on: what waits already stays.
func (s *Service) Delegate(ctx context.Context, delegate kernel.ID, from, to string) error {
	who := reader(ctx).PersonID
	if delegate == kernel.NoID {
		if _, err := s.DB.Q(ctx).NewRaw(`DELETE FROM approval_delegation WHERE person_id = ?`, who).Exec(ctx); err != nil {
			return fmt.Errorf("end the delegation: %w", err)
		}
		return nil
	}
	if delegate == who {
		return kernel.Invalid("delegate_is_yourself").OnField("body.delegateId")
	}
	first, err := time.Parse(time.DateOnly, from)
	if err != nil {
		return kernel.Invalid("date_invalid").OnField("body.from")
	}
	last, err := time.Parse(time.DateOnly, to)
	if err != nil || last.Before(first) || to < s.today() || last.Sub(first) > 366*24*time.Hour {
		return kernel.Invalid("date_invalid").OnField("body.to")
	}
	if err := s.requireStaff(ctx, []kernel.ID{delegate}, "body.delegateId"); err != nil {
		return err
	}
	_, err = s.DB.Q(ctx).NewRaw(`INSERT INTO approval_delegation (person_id, delegate_id, from_day, to_day, updated_at) VALUES (?, ?, ?::date, ?::date, ?)
		ON CONFLICT (person_id) DO UPDATE SET delegate_id = EXCLUDED.delegate_id, from_day = EXCLUDED.from_day, to_day = EXCLUDED.to_day, updated_at = EXCLUDED.updated_at`,
		who, delegate, from, to, s.Clock()).Exec(ctx)
	if err != nil {
		return fmt.Errorf("keep the delegation: %w", err)
	}
	return nil
}
