package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"atrium.dev/atrium/tenant-app/internal/directory"
	"atrium.dev/atrium/tenant-app/internal/fact"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/live"
	"atrium.dev/atrium/tenant-app/internal/search"
	"atrium.dev/atrium/tenant-app/internal/store"
	"github.com/google/uuid"
)

const (
	jobRemind    = "desk.remind"
	eventChanged = "desk.changed"
	handlersOnly = "desk" // container of what handlers find
)

// overdue is the payload of jobRemind: the time for an answer has run out.
type overdue struct {
	Suggestion kernel.ID `json:"suggestion"`
	Due        time.Time `json:"due"`
}

// change is the payload of eventChanged: who gets a card, and a number that is the
// event's own. No author of an anonymous suggestion is ever among them.
type change struct {
	Seq  string      `json:"seq"`
	Tell []kernel.ID `json:"tell,omitempty"`
}

// record keeps what happened, for reports; nobody did what an anonymous author does.
func (s *Service) record(ctx context.Context, r *row, before State, at time.Time) error {
	who := kernel.NoID
	if !r.authors(before) {
		who = reader(ctx).PersonID
	} else if r.AuthorID != nil {
		who = *r.AuthorID
	}
	return s.Facts.Record(ctx, fact.Fact{Kind: Kind, Who: who, Object: r.ID, From: string(before), To: string(r.State), At: at})
}

// authors says whether a change of state is one that only authors make: they begin, and
// they come back after an answer.
func (r *row) authors(before State) bool {
	return before == "" || before == Answered && r.State == Working
}

// follow brings to-dos, open pages, the search and cards up to the present state, in
// the transaction of the change; people get a card of it.
func (s *Service) follow(ctx context.Context, r *row, people []kernel.ID) error {
	if err := s.wait(ctx, r); err != nil {
		return err
	}
	var author directory.PersonRef
	if r.AuthorID != nil {
		refs, err := directory.Named(ctx, s.DB, []kernel.ID{*r.AuthorID})
		if err != nil {
			return err
		}
		author = refs[*r.AuthorID]
	}
	entry := search.Entry{Kind: Kind, Ref: r.ID, Container: []string{handlersOnly}, Title: r.Title, Text: r.Text, At: r.CreatedAt}
	hear := people
	if r.AuthorID != nil {
		entry.Container, entry.Names = append(entry.Container, "person:"+r.AuthorID.String()), []string{author.Name}
		hear = append(hear, *r.AuthorID)
	}
	if err := s.Index.Put(ctx, entry); err != nil {
		return err
	}
	s.Live.Hint(ctx, live.To{People: hear}, live.Hint{Kind: Kind, ID: r.ID, Revision: r.Revision})
	return s.Jobs.Emit(ctx, store.Event{Kind: eventChanged, Version: 1, Ref: r.ID, Payload: change{Seq: fmt.Sprint(r.Revision), Tell: people}})
}

// wait puts an open suggestion into the inboxes of those whom it waits for, and takes it
// out of all others.
func (s *Service) wait(ctx context.Context, r *row) error {
	besides := kernel.NoID
	if r.State.open() && r.HandlerID != nil {
		besides = *r.HandlerID
	}
	if !r.State.open() || r.HandlerID != nil {
		if err := s.Inbox.Clear(ctx, r.ID, besides); err != nil || !r.State.open() {
			return err
		}
	}
	handlers, err := s.handlers(ctx, r)
	if err != nil {
		return err
	}
	from := kernel.NoID
	if r.AuthorID != nil {
		from = *r.AuthorID
	}
	for _, person := range handlers {
		if err := s.Inbox.Put(ctx, Todo{Person: person, Ref: r.ID, Title: r.Title, From: from, Due: r.Due}); err != nil {
			return err
		}
	}
	return nil
}

// remind tells the handlers that the time for an answer has run out. What was answered
// meanwhile, or has another time by now, is left alone.
func (s *Service) remind(ctx context.Context, payload json.RawMessage) error {
	var late overdue
	if err := json.Unmarshal(payload, &late); err != nil {
		return fmt.Errorf("remind of a suggestion: %w", err)
	}
	return s.DB.InTx(ctx, func(ctx context.Context) error {
		r, err := s.read(ctx, late.Suggestion, true)
		if kernel.IsKind(err, kernel.KindNotFound) {
			return nil
		}
		if err != nil || r.Due == nil || !r.Due.Equal(late.Due) {
			return err
		}
		people, err := s.handlers(ctx, r)
		if err != nil {
			return err
		}
		what := change{Seq: "due " + late.Due.UTC().Format(time.RFC3339), Tell: people}
		return s.Jobs.Emit(ctx, store.Event{Kind: eventChanged, Version: 1, Ref: r.ID, Payload: what})
	})
}

// showCards brings the cards in chat up to the present state and sends new ones. Others
// may do so at the same moment: whoever writes last has to have read the last state.
func (s *Service) showCards(ctx context.Context, event store.Event) error {
	var what change
	if err := event.Decode(&what); err != nil {
		return err
	}
	for shown := int64(-1); ; {
		r, err := s.read(ctx, event.Ref, false)
		if kernel.IsKind(err, kernel.KindNotFound) {
			return nil
		}
		if err != nil || r.Revision == shown {
			return err
		}
		if err := s.showState(ctx, r, what); err != nil {
			return err
		}
		shown = r.Revision
	}
}

func (s *Service) showState(ctx context.Context, r *row, what change) error {
	card := Card{Ref: r.ID, Title: r.Title, Text: beginning(r.Text), State: r.State}
	if r.AuthorID != nil {
		refs, err := directory.Named(ctx, s.DB, []kernel.ID{*r.AuthorID})
		if err != nil {
			return err
		}
		card.Author = refs[*r.AuthorID].Name
	}
	if err := s.Cards.Update(ctx, card); err != nil {
		return err
	}
	var failed error
	for _, person := range what.Tell {
		id := uuid.NewSHA1(r.ID, fmt.Appendf(nil, "%s/%s", what.Seq, person)) // a repeated job sends the same card
		failed = errors.Join(failed, s.Cards.Put(ctx, id, person, card))
	}
	return failed
}

const cardText = 120 // characters

func beginning(text string) string {
	if runes := []rune(text); len(runes) > cardText {
		return string(runes[:cardText]) + "…"
	}
	return text
}
