package office

import (
	"context"
	"encoding/json"
	"time"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/approval"
	"atrium.dev/atrium/tenant-app/internal/chat"
	"atrium.dev/atrium/tenant-app/internal/form"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/search"
	"atrium.dev/atrium/tenant-app/internal/todo"
)

// registerApprovals puts forms, approvals and to-dos together; others put into the list
// of to-dos too.
func (o *Office) registerApprovals(p Parts) *todo.Service {
	shapes := forms{form.New(p.DB, p.Clock), o.Calendar}
	away := &absences{}
	inbox := todo.New(p.DB, p.Clock, o.Live, away)
	away.Service = approval.New(approval.Config{
		DB: p.DB, Clock: p.Clock, Settings: p.Settings, Jobs: o.Jobs, Live: o.Live, Forms: shapes, Inbox: toInbox{inbox},
		Cards: toCards{o.Chat.Cards(), p.Settings}, Calendar: o.Calendar, Files: o.Files, Index: o.Search, Facts: o.Facts,
		Rights: o.Rights,
		Managers: func(ctx context.Context, most int) ([]kernel.ID, error) {
			return o.Rights.Holders(ctx, approval.ManageRight, most)
		},
	})
	o.Files.Own(approval.FileKind, away.FilesOfApprovals())
	o.Search.On(approval.FoundKind, search.Kind{Right: approval.SubmitRight})
	shapes.service.Register(o.Server)
	away.Register(o.Server)
	inbox.Register(o.Server)
	return inbox
}

// toCards shows approvals in chat, in the company's language.
type toCards struct {
	cards    chat.Cards
	settings func() contract.Settings
}

func (c toCards) Put(ctx context.Context, id, person kernel.ID, card approval.Card) error {
	return c.cards.Put(ctx, id, person, c.card(card))
}

func (c toCards) Update(ctx context.Context, card approval.Card) error {
	return c.cards.Update(ctx, c.card(card), card.Over)
}

func (c toCards) card(card approval.Card) chat.CardData {
	locale := kernel.MatchLocale(c.settings().Locale, kernel.ZhCN)
	out := chat.CardData{Kind: "approval", Assistant: "approval", Ref: card.Ref, Title: card.Title.In(locale), State: string(card.State), Task: card.Task}
	for _, l := range card.Lines {
		out.Fields = append(out.Fields, chat.CardField{Label: l.Name.In(locale), Value: l.Text.In(locale)})
	}
	return out
}

// forms are package form's, as package approval asks for them.
type forms struct {
	service  *form.Service
	calendar form.Calendar
}

func (f forms) Form(ctx context.Context, key string, version int) (approval.Form, error) {
	d, kept, err := f.service.Find(ctx, key, version)
	if err != nil {
		return nil, err
	}
	return oneForm{d, f, kept}, nil
}

type oneForm struct {
	*form.Definition
	of   forms
	kept bool // written down, as far as is known
}

func (f oneForm) Key() string           { return f.Definition.Key }
func (f oneForm) Version() int          { return f.Definition.Version }
func (f oneForm) Name() kernel.Text     { return f.Definition.Name }
func (f oneForm) Flow() json.RawMessage { return f.Definition.Flow }

func (f oneForm) Read(ctx context.Context, values json.RawMessage, partial bool) (approval.Reading, error) {
	r, err := f.Definition.Read(ctx, values, partial, f.of.calendar)
	return approval.Reading(r), err
}

func (f oneForm) Lines(values map[string]any, all bool, hidden []string) []kernel.Line {
	if all {
		return f.Definition.Lines(values, nil, hidden)
	}
	return f.Definition.Lines(values, f.Summary, hidden)
}

func (f oneForm) Tables(values map[string]any, hidden []string) []approval.Table {
	tables := f.Definition.Tables(values, hidden)
	out := make([]approval.Table, len(tables))
	for i, t := range tables {
		out[i] = approval.Table(t)
	}
	return out
}

func (f oneForm) Away(values map[string]any, zone *time.Location) (from, to time.Time, ok bool) {
	return f.Span(values, zone)
}

func (f oneForm) Keep(ctx context.Context) error {
	if f.kept {
		return nil
	}
	return f.of.service.Keep(ctx, f.Definition)
}

func (f oneForm) Number(ctx context.Context, day time.Time) (string, error) {
	return f.of.service.Number(ctx, f.Definition, day)
}

// toInbox puts what approvals wait for into the list of to-dos.
type toInbox struct{ *todo.Service }

func (i toInbox) Put(ctx context.Context, item approval.Todo) error {
	return i.Service.Put(ctx, todo.Item(item))
}

// absences are approved leaves, as package todo asks for them.
type absences struct{ *approval.Service }

func (a *absences) Away(ctx context.Context, people []kernel.ID, from, to time.Time) ([]todo.Absence, error) {
	found, err := a.Service.Away(ctx, people, from, to)
	out := make([]todo.Absence, len(found))
	for i, f := range found {
		out[i] = todo.Absence{Person: f.SubmitterID, Ref: f.ID, From: f.From, To: f.To}
	}
	return out, err
}
