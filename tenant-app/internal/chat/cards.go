package chat

import (
	"context"
	"encoding/json"
	"fmt"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
)

// Cards is how another module shows its objects in 消息: as cards of its assistant, a
// room that writes to one person. The consumer declares what it needs of it.
type Cards struct{ chat *Service }

// Cards gives modules the way to their assistants.
func (s *Service) Cards() Cards { return Cards{s} }

// askedAgain ends the task of a card when a later one asks for something about its object.
const askedAgain = "again"

// Put sends a card to a person, in the transaction of ctx. The same id a second time
// changes nothing. Assistant is a key that the page translates, for example approval. Of
// the cards of an object that ask their reader for something, the last one alone does.
func (c Cards) Put(ctx context.Context, id, person kernel.ID, card CardData) error {
	s := c.chat
	return s.db.InTx(ctx, func(ctx context.Context) error {
		room, err := s.assistant(ctx, person, card.Assistant)
		if err != nil {
			return err
		}
		p := &post{NewMessage: NewMessage{ID: id, Kind: Card, Text: cutText(clean(card.Title), maxText)}, data: payload{Card: card.clean()}, card: &card.Ref}
		if err := s.append(ctx, room, []*post{p}); err != nil {
			return err
		}
		if kernel.HasCode(p.err, "id_taken") {
			return nil // a repeat: a card has no author to compare
		}
		if p.err != nil || card.Task == "" {
			return p.err
		}
		return c.change(ctx, `data = jsonb_set(m.data, '{card,over}', to_jsonb(?::text))`, []any{askedAgain},
			`card_ref = ? AND room_id = ? AND id <> ? AND data #> '{card,task}' IS NOT NULL AND data #> '{card,over}' IS NULL`, card.Ref, room, id)
	})
}

// Update shows a new state on every card of an object, in the transaction of ctx. over
// are the tasks that have ended, and how; what a card asks for, and whether that was over
// already, stays as it is otherwise.
func (c Cards) Update(ctx context.Context, card CardData, over map[string]string) error {
	ended, err := json.Marshal(over)
	if err != nil {
		return fmt.Errorf("change cards: %w", err)
	}
	card.Task, card.Over = "", ""
	set := `text = ?, data = jsonb_set(?::jsonb, '{card}', (?::jsonb -> 'card') || jsonb_strip_nulls(jsonb_build_object(
		'task', m.data #> '{card,task}', 'over', coalesce(?::jsonb -> (m.data #>> '{card,task}'), m.data #> '{card,over}'))))`
	data := payload{Card: card.clean()}.column()
	return c.chat.db.InTx(ctx, func(ctx context.Context) error {
		return c.change(ctx, set, []any{cutText(clean(card.Title), maxText), data, data, string(ended)}, `card_ref = ?`, card.Ref)
	})
}

// change sets columns of some cards, and tells their rooms.
func (c Cards) change(ctx context.Context, set string, values []any, where string, args ...any) error {
	s := c.chat
	var rows []messageRow
	err := s.db.Q(ctx).NewRaw(`UPDATE chat_message AS m SET revision = m.revision + 1, `+set+` WHERE m.id IN (SELECT id FROM chat_message WHERE `+where+` ORDER BY id FOR NO KEY UPDATE)
		RETURNING `+messageColumns, append(values, args...)...).Scan(ctx, &rows)
	if err != nil {
		return fmt.Errorf("change cards: %w", err)
	}
	for _, row := range rows {
		s.tellChanged(ctx, row)
	}
	return nil
}

func (c CardData) clean() *CardData {
	fields := make([]CardField, len(c.Fields))
	for i, f := range c.Fields {
		fields[i] = CardField{Label: clean(f.Label), Value: clean(f.Value)}
	}
	c.Title, c.State, c.Fields = clean(c.Title), clean(c.State), fields
	return &c
}

// assistant is the room in which a module writes to a person.
func (s *Service) assistant(ctx context.Context, person kernel.ID, name string) (kernel.ID, error) {
	key := "assistant:" + name + ":" + person.String()
	room, err := s.roomOf(ctx, key)
	if err != nil || room != kernel.NoID {
		return room, err
	}
	now := s.clock()
	err = s.db.Q(ctx).NewRaw(`INSERT INTO chat_room (id, kind, name, unique_key, last_at, created_by, created_at) VALUES (?, 'assistant', ?, ?, ?, ?, ?)
		ON CONFLICT (unique_key) DO NOTHING RETURNING id`, kernel.NewID(), name, key, now, person, now).Scan(ctx, &room)
	switch {
	case store.IsNoRows(err): // somebody else has begun it at this moment
		return s.roomOf(ctx, key)
	case err != nil:
		return room, fmt.Errorf("begin an assistant: %w", err)
	}
	return room, s.join(ctx, &roomRow{ID: room, Kind: Assistant}, []kernel.ID{person}, nil)
}

// roomOf is the room of a unique key; kernel.NoID: there is none.
func (s *Service) roomOf(ctx context.Context, key string) (kernel.ID, error) {
	var room kernel.ID
	err := s.db.Q(ctx).NewRaw(`SELECT id FROM chat_room WHERE unique_key = ?`, key).Scan(ctx, &room)
	if err != nil && !store.IsNoRows(err) {
		return room, fmt.Errorf("look for an assistant: %w", err)
	}
	return room, nil
}
