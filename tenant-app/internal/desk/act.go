package desk

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
)

// doing is one thing that somebody does with a suggestion.
type doing struct {
	id     kernel.ID
	verb   Verb
	text   string
	author bool // in the name of its author, who is not asked for a right
}

// Act does something with a suggestion in the name of the person behind ctx. With the
// same id again it changes nothing. Codes: suggestion_unknown, suggestion_not_yours,
// suggestion_closed, suggestion_answered, text_empty, id_taken.
func (s *Service) Act(ctx context.Context, suggestion, id kernel.ID, verb Verb, text string) (SuggestionDetail, error) {
	if id == kernel.NoID {
		return SuggestionDetail{}, kernel.Invalid("id_malformed").OnField("body.id")
	}
	if err := s.act(ctx, suggestion, doing{id: id, verb: verb, text: text}); err != nil {
		return SuggestionDetail{}, err
	}
	return s.detail(ctx, suggestion, false)
}

func (s *Service) act(ctx context.Context, suggestion kernel.ID, do doing) error {
	do.text = kernel.CleanText(do.text)
	switch {
	case do.text == "" && (do.verb == Answer || do.verb == Follow):
		return kernel.Invalid("text_empty").OnField("body.text")
	case utf8.RuneCountInString(do.text) > maxText:
		return kernel.Invalid("text_too_long").With("max", maxText).OnField("body.text")
	}
	return s.DB.InTx(ctx, func(ctx context.Context) error {
		r, err := s.read(ctx, suggestion, true)
		if err != nil {
			return err
		}
		if err := s.may(ctx, r, do); err != nil {
			return err
		}
		there, err := s.done(ctx, r, do)
		if err != nil || there {
			return err
		}
		return s.apply(ctx, r, do)
	})
}

// may says whether it may be done, by this person and now.
func (s *Service) may(ctx context.Context, r *row, do doing) error {
	if !do.author && !r.seenBy(reader(ctx)) {
		return errUnknown()
	}
	for _, verb := range r.actions(reader(ctx), do.author) {
		if verb == do.verb {
			return nil
		}
	}
	if r.State == Closed {
		return kernel.Conflict("suggestion_closed")
	}
	return kernel.Forbidden("suggestion_not_yours")
}

// seenBy says whether somebody may see a suggestion by who they are.
func (r *row) seenBy(who kernel.Principal) bool {
	return who.May(HandleRight) || r.isOf(who)
}

func (r *row) isOf(who kernel.Principal) bool {
	return r.AuthorID != nil && *r.AuthorID == who.PersonID
}

// actions are the verbs that a person can use now; author: they came by the code.
func (r *row) actions(who kernel.Principal, author bool) []Verb {
	out := []Verb{}
	if r.State == Closed {
		return out
	}
	if !author && who.May(HandleRight) {
		if r.State.open() && (r.HandlerID == nil || *r.HandlerID != who.PersonID) {
			out = append(out, Take)
		}
		out = append(out, Answer, Close)
	}
	if author || r.isOf(who) {
		out = append(out, Follow)
	}
	return out
}

// done says whether the very same was done before.
func (s *Service) done(ctx context.Context, r *row, do doing) (bool, error) {
	var kept struct {
		Suggestion kernel.ID  `bun:"suggestion_id"`
		Person     *kernel.ID `bun:"person_id"`
	}
	err := s.DB.Q(ctx).NewRaw(`SELECT suggestion_id, person_id FROM suggestion_entry WHERE id = ?`, do.id).Scan(ctx, &kept)
	switch {
	case store.IsNoRows(err):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("look for what was said: %w", err)
	case kept.Suggestion == r.ID && (kept.Person == nil) == do.author && (do.author || *kept.Person == reader(ctx).PersonID):
		return true, nil
	}
	return false, kernel.Conflict("id_taken").OnField("body.id")
}

// apply moves the suggestion on and tells whom it concerns.
func (s *Service) apply(ctx context.Context, r *row, do doing) error {
	before, at := r.State, s.Clock()
	if do.author {
		at = s.moment(r)
	}
	person := reader(ctx).PersonID
	switch do.verb {
	case Take:
		r.State, r.HandlerID = Working, &person
	case Answer:
		r.State, r.HandlerID = Answered, &person
	case Close:
		r.State = Closed
	case Follow:
		if r.State == Answered { // it is to be answered anew, by the same person
			r.State = Working
		}
	}
	if r.State.open() != before.open() {
		if err := s.limit(ctx, r, at); err != nil {
			return err
		}
	}
	if err := s.keep(ctx, r, do, at); err != nil {
		return err
	}
	if do.verb != Follow { // the author's own word is no business of the auditors
		if err := s.Audit.Write(ctx, "suggestion_"+string(do.verb), r.ID, nil); err != nil {
			return err
		}
	}
	if before != r.State {
		if err := s.record(ctx, r, before, at); err != nil {
			return err
		}
	}
	return s.tell(ctx, r, do)
}

// tell says who is to hear of it: handlers what the author does, the author of answer
// and end, nobody that somebody has taken it.
func (s *Service) tell(ctx context.Context, r *row, do doing) (err error) {
	var people []kernel.ID
	switch {
	case do.verb == Follow:
		people, err = s.handlers(ctx, r)
	case do.verb != Take && r.AuthorID != nil && !r.isOf(reader(ctx)):
		people = []kernel.ID{*r.AuthorID}
	}
	if err != nil {
		return err
	}
	return s.follow(ctx, r, people)
}

// keep writes the row and the entry.
func (s *Service) keep(ctx context.Context, r *row, do doing, at time.Time) error {
	r.UpdatedAt = at
	r.Revision++
	if r.Revision > maxEntries {
		return kernel.Conflict("suggestion_full").With("max", maxEntries)
	}
	_, err := s.DB.Q(ctx).NewUpdate().Model(r).WherePK().Column("state", "handler_id", "due", "updated_at", "revision").Exec(ctx)
	if err != nil {
		return fmt.Errorf("keep a suggestion: %w", err)
	}
	var person any
	if !do.author {
		person = reader(ctx).PersonID
	}
	_, err = s.DB.Q(ctx).NewRaw(`INSERT INTO suggestion_entry (id, suggestion_id, seq, person_id, verb, text, at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		do.id, r.ID, r.Revision, person, do.verb, do.text, at).Exec(ctx)
	if err != nil {
		return fmt.Errorf("keep what was said: %w", err)
	}
	return nil
}
