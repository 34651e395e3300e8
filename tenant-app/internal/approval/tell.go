package approval

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"atrium.dev/atrium/tenant-app/internal/approval/engine"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
	"github.com/google/uuid"
)

const (
	jobRemind    = "approval.remind"
	eventChanged = "approval.changed"
)

// overdue is the payload of jobRemind: whose time has run out.
type overdue struct {
	Approval kernel.ID `json:"approval"`
	Item     int       `json:"item"`
}

func remindKey(approval kernel.ID, item int) string { return fmt.Sprintf("%s/%d", approval, item) }

// change is the payload of eventChanged: the action's number, and who gets a card.
type change struct {
	Seq  int         `json:"seq"`
	Tell []kernel.ID `json:"tell,omitempty"`
}

// remind says that the time for an item has run out. Whoever has decided meanwhile,
// or was reminded already, is left alone.
func (s *Service) remind(ctx context.Context, payload json.RawMessage) error {
	var late overdue
	if err := json.Unmarshal(payload, &late); err != nil {
		return fmt.Errorf("remind of an approval: %w", err)
	}
	err := s.act(ctx, late.Approval, nil, engine.Action{Verb: engine.RemindHold, Item: late.Item}, nil)
	if kernel.IsKind(err, kernel.KindConflict) || kernel.IsKind(err, kernel.KindNotFound) {
		return nil
	}
	return err
}

// showCards brings the cards in chat and what is found up to the state that an approval
// has by now, and gives new cards to those whom the action concerns. Other changes of it
// may be shown at the same moment: whoever gives a card last has to have read the last
// state.
func (s *Service) showCards(ctx context.Context, event store.Event) error {
	var what change
	if err := event.Decode(&what); err != nil {
		return err
	}
	for {
		r, card, err := s.showState(ctx, event.Ref)
		if kernel.IsKind(err, kernel.KindNotFound) {
			return nil
		}
		if err != nil || len(what.Tell) == 0 {
			return err
		}
		if err := s.give(ctx, r, card, what); err != nil {
			return err
		}
		now, err := s.read(ctx, event.Ref, false)
		if err != nil || now.Revision == r.Revision {
			return err
		}
	}
}

// showState brings what is there up to the present state. The row is locked meanwhile, so
// that of two actions the later one stays.
func (s *Service) showState(ctx context.Context, id kernel.ID) (r *row, card Card, err error) {
	err = s.DB.InTx(ctx, func(ctx context.Context) error {
		if r, err = s.lock(ctx, id); err != nil {
			return err
		}
		form, err := s.sheet(ctx, r.FormKey, r.FormVersion)
		if err != nil {
			return err
		}
		if card, err = s.card(ctx, r, form); err != nil {
			return err
		}
		if err := s.Cards.Update(ctx, card); err != nil {
			return err
		}
		return s.Index.Put(ctx, s.entry(r, card))
	})
	return r, card, err
}

// give sends cards. Those that are there already are not sent again.
func (s *Service) give(ctx context.Context, r *row, card Card, what change) error {
	var failed error
	for _, person := range what.Tell {
		id := uuid.NewSHA1(r.ID, fmt.Appendf(nil, "%d/%s", what.Seq, person)) // a repeated job sends the same card
		card.Task = ""
		if item := r.state.Open(person); item != nil {
			card.Task = strconv.Itoa(item.N)
		}
		failed = errors.Join(failed, s.Cards.Put(ctx, id, person, card))
	}
	return failed
}

// card shows what everybody may see who takes part: all cards of an approval are
// alike.
func (s *Service) card(ctx context.Context, r *row, form sheet) (Card, error) {
	refs := newPeople()
	refs.want(r.SubmitterID)
	if err := s.load(ctx, refs); err != nil {
		return Card{}, err
	}
	who := refs.ref(r.SubmitterID).Name
	title := kernel.Text{}
	for locale, name := range form.Name() {
		title[locale] = name + " · " + who
	}
	return Card{
		Ref: r.ID, Title: title, Submitter: who, State: r.Status,
		Lines: form.Lines(r.values, false, engine.Hidden(form.flow, r.state, kernel.NoID, false)),
		Over:  over(r),
	}, nil
}

// over are the work items that have ended. Whoever need not decide any more, whatever
// the reason, has one that was dropped.
func over(r *row) map[string]string {
	out := map[string]string{}
	for _, step := range r.state.Steps {
		for _, item := range step.Items {
			switch item.State {
			case engine.ItemOpen, engine.ItemWaiting:
			case engine.ItemHeld:
				out[strconv.Itoa(item.N)] = string(engine.ItemDropped)
			default:
				out[strconv.Itoa(item.N)] = string(item.State)
			}
		}
	}
	return out
}
