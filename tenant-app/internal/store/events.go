package store

import (
	"context"
	"encoding/json"
	"fmt"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// Event says that something happened to an object. Modules that must not know each
// other meet here.
type Event struct {
	Kind    string // "chat.message.posted": module, object, what happened
	Version int    // of the payload, from 1
	Ref     kernel.ID
	Payload any // becomes JSON; small, a consumer reads the object anew
}

// happened is an event as it lies in a job.
type happened struct {
	Version int             `json:"version"`
	Ref     kernel.ID       `json:"ref"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// Decode reads the payload of an event that a consumer got.
func (e Event) Decode(into any) error {
	raw, ok := e.Payload.(json.RawMessage)
	if !ok {
		return fmt.Errorf("read event %s: its payload has not come through the queue", e.Kind)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("read event %s: %w", e.Kind, err)
	}
	return nil
}

// On has fn done for each event of a kind, once or more often, each consumer for
// itself; events of one object can overtake each other. The rules of Handle hold.
// All consumers are known before the first Emit.
func (j *Jobs) On(kind, consumer string, version int, fn func(ctx context.Context, event Event) error) {
	j.consumers[kind] = append(j.consumers[kind], consumer)
	j.Handle(jobOf(kind, consumer), version, func(ctx context.Context, payload json.RawMessage) error {
		var what happened
		if err := json.Unmarshal(payload, &what); err != nil {
			return fmt.Errorf("read event %s: %w", kind, err)
		}
		return fn(ctx, Event{Kind: kind, Version: what.Version, Ref: what.Ref, Payload: what.Payload})
	})
}

func jobOf(kind, consumer string) string { return kind + "/" + consumer }

// Emit tells all consumers of events, within the caller's transaction: each gets a job
// of its own for each event. Without consumers it does nothing.
func (j *Jobs) Emit(ctx context.Context, events ...Event) error {
	var rows []jobRow
	for _, event := range events {
		payload, err := json.Marshal(event.Payload)
		if err != nil {
			return fmt.Errorf("emit %s: %w", event.Kind, err)
		}
		for _, consumer := range j.consumers[event.Kind] {
			row, err := j.row(Job{Kind: jobOf(event.Kind, consumer), Version: event.Version, Payload: happened{event.Version, event.Ref, payload}})
			if err != nil {
				return err
			}
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return j.insert(ctx, rows...)
}
