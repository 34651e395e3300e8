package office

import (
	"context"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/chat"
	"atrium.dev/atrium/tenant-app/internal/desk"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/todo"
)

// registerDesk puts the suggestion box together.
func (o *Office) registerDesk(p Parts, inbox *todo.Service) {
	holders := func(right string) func(context.Context, int) ([]kernel.ID, error) {
		return func(ctx context.Context, most int) ([]kernel.ID, error) { return o.Rights.Holders(ctx, right, most) }
	}
	box := desk.New(desk.Config{
		DB: p.DB, Clock: p.Clock, Jobs: o.Jobs, Live: o.Live, Inbox: deskInbox{inbox}, Cards: deskCards{o.Chat.Cards(), p.Settings},
		Calendar: o.Calendar, Files: o.Files, Index: o.Search, Facts: o.Facts, Audit: o.Audit,
		Handlers: holders(desk.HandleRight), Managers: holders(desk.ManageRight),
	})
	o.Files.Own(desk.Kind, box.FilesOfSuggestions())
	o.Search.On(desk.Kind, box.Findable())
	box.Register(o.Server)
}

// deskInbox puts open suggestions into the list of to-dos.
type deskInbox struct{ *todo.Service }

func (i deskInbox) Put(ctx context.Context, item desk.Todo) error {
	return i.Service.Put(ctx, todo.Item{
		Person: item.Person, Kind: desk.Kind, Ref: item.Ref, Title: kernel.Text{kernel.ZhCN: "建议", kernel.En: "Suggestion"},
		Summary: []kernel.Line{{Key: "title", Name: kernel.Text{kernel.ZhCN: "标题", kernel.En: "Title"}, Text: kernel.Text{kernel.ZhCN: item.Title}}},
		From:    item.From, Due: item.Due, Data: map[string]any{},
	})
}

func (i deskInbox) Clear(ctx context.Context, ref, besides kernel.ID) error {
	return i.Service.Clear(ctx, desk.Kind, ref, besides)
}

// deskCards shows suggestions in chat, in the company's language.
type deskCards struct {
	cards    chat.Cards
	settings func() contract.Settings
}

func (c deskCards) Put(ctx context.Context, id, person kernel.ID, card desk.Card) error {
	return c.cards.Put(ctx, id, person, c.card(card))
}

func (c deskCards) Update(ctx context.Context, card desk.Card) error {
	return c.cards.Update(ctx, c.card(card), nil)
}

var (
	deskAuthor    = kernel.Text{kernel.ZhCN: "提交人", kernel.En: "From"}
	deskAnonymous = kernel.Text{kernel.ZhCN: "匿名", kernel.En: "Anonymous"}
	deskText      = kernel.Text{kernel.ZhCN: "内容", kernel.En: "Text"}
)

func (c deskCards) card(card desk.Card) chat.CardData {
	locale := kernel.MatchLocale(c.settings().Locale, kernel.ZhCN)
	author := card.Author
	if author == "" {
		author = deskAnonymous.In(locale)
	}
	return chat.CardData{
		Kind: desk.Kind, Assistant: "desk", Ref: card.Ref, Title: card.Title, State: string(card.State),
		Fields: []chat.CardField{{Label: deskAuthor.In(locale), Value: author}, {Label: deskText.In(locale), Value: card.Text}},
	}
}
