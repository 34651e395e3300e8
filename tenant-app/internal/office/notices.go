package office

import (
	"context"

	"atrium.dev/atrium/tenant-app/internal/authz"
	"atrium.dev/atrium/tenant-app/internal/chat"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/notify"
	"atrium.dev/atrium/tenant-app/internal/outbound"
	"atrium.dev/atrium/tenant-app/internal/privacy"
	"atrium.dev/atrium/tenant-app/internal/seal"
	"atrium.dev/atrium/tenant-app/internal/store"
)

// registerNotices has people called for messages that they have not seen. All that is to
// reach them stands in 消息, that of other modules as cards of their assistants.
func (o *Office) registerNotices(p Parts) {
	o.Notify = notify.New(notify.Config{
		DB: p.DB, Clock: p.Clock, Settings: p.Settings, Jobs: o.Jobs, Messages: unseen{o.Chat, o.Rights, o.Privacy}, Audit: o.Audit,
		Dialer: outbound.New(p.Settings), Sealer: seal.New(p.Keys), Log: p.Log,
	})
	o.Notify.Register(o.Server)
	for _, kind := range []string{chat.EventPosted, chat.EventUrgent} {
		o.Jobs.On(kind, "notify", 1, func(ctx context.Context, event store.Event) error {
			people, err := o.Chat.Concerned(ctx, event)
			if err != nil {
				return err
			}
			return p.DB.InTx(ctx, func(ctx context.Context) error {
				return o.Notify.Tell(ctx, event.Ref, people, kind == chat.EventUrgent)
			})
		})
	}
}

// unseen are chat's messages, as package notify asks for them.
type unseen struct {
	*chat.Service
	rights  *authz.Service
	privacy *privacy.Service
}

// Unseen gives nothing to who left, whose access ran out, who may not chat any more, or
// who took back their consent.
func (u unseen) Unseen(ctx context.Context, person kernel.ID, messages []kernel.ID) ([]notify.Call, error) {
	who, err := u.rights.Enter(ctx, person)
	if kernel.IsKind(err, kernel.KindUnauthorized) || err == nil && !who.May(chat.UseRight) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if _, _, agreed, err := u.privacy.Given(ctx, person); err != nil || !agreed {
		return nil, err
	}
	found, err := u.Service.Unseen(ctx, person, messages)
	out := make([]notify.Call, len(found))
	for i, f := range found {
		out[i] = notify.Call{ID: f.ID, Room: f.Room, From: f.From, Text: f.Text, What: string(f.Kind), Urgent: f.Urgent}
	}
	return out, err
}
