package chat

import (
	"context"
	"net/http"
	"net/url"

	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

type messagesInput struct {
	ID     kernel.ID `path:"id" format:"uuid"`
	Before int64     `query:"before" minimum:"0" doc:"Messages before this place"`
	After  int64     `query:"after" minimum:"0" doc:"Messages after this place"`
	Around int64     `query:"around" minimum:"0" doc:"Messages on both sides of this place"`
	Thread kernel.ID `query:"thread" format:"uuid" doc:"Replies to this message; places are those in the thread"`
	Limit  int       `query:"limit" minimum:"1" maximum:"50" default:"50"`
}

type messagesOutput struct{ Body MessagePage }

type postInput struct {
	ID   kernel.ID `path:"id" format:"uuid"`
	Body struct {
		ID       kernel.ID   `json:"id" format:"uuid" doc:"Made by the client; a repeat gives the same message"`
		Kind     Kind        `json:"kind" enum:"text,file,picture,voice"`
		Text     string      `json:"text,omitempty" maxLength:"60000" doc:"At most 10,000 characters"`
		Mentions []kernel.ID `json:"mentions,omitempty" maxItems:"200"`
		All      bool        `json:"all,omitempty" doc:"@所有人"`
		Quote    *kernel.ID  `json:"quote,omitempty" format:"uuid"`
		Thread   *kernel.ID  `json:"thread,omitempty" format:"uuid" doc:"First message of the thread in which this is a reply"`
		FileIDs  []kernel.ID `json:"fileIds,omitempty" maxItems:"20"`
		Receipt  bool        `json:"receipt,omitempty" doc:"Ask for a receipt"`
		Urgent   bool        `json:"urgent,omitempty" doc:"Must be acknowledged"`
	}
}

func (in *postInput) message() NewMessage {
	m := NewMessage{
		ID: in.Body.ID, Kind: in.Body.Kind, Text: in.Body.Text, Mentions: in.Body.Mentions, All: in.Body.All,
		FileIDs: in.Body.FileIDs, Receipt: in.Body.Receipt, Urgent: in.Body.Urgent,
	}
	if in.Body.Quote != nil {
		m.Quote = *in.Body.Quote
	}
	if in.Body.Thread != nil {
		m.Thread = *in.Body.Thread
	}
	return m
}

type searchInput struct {
	ID     kernel.ID `path:"id" format:"uuid"`
	Query  string    `query:"q" maxLength:"400"`
	Before int64     `query:"before" minimum:"0" doc:"Only messages before this place"`
}

type forwardInput struct {
	Body struct {
		IDs        []kernel.ID `json:"ids" minItems:"1" maxItems:"2000" doc:"Of the messages that are made, room by room: one a room if merged, else one for each message"`
		MessageIDs []kernel.ID `json:"messageIds" minItems:"1" maxItems:"100"`
		RoomIDs    []kernel.ID `json:"roomIds" minItems:"1" maxItems:"20"`
		Merged     bool        `json:"merged,omitempty"`
		Title      string      `json:"title,omitempty" maxLength:"400" doc:"Of what is forwarded as one"`
	}
}

type forwardOutput struct {
	Body struct {
		Items []Message `json:"items"`
	}
}

func (s *Service) registerMessages(server *httpapi.Server) {
	const path = roomPath + "/messages"
	httpapi.Register(server, op("list-messages", http.MethodGet, path, messagesTag, messageKind, "read", "Messages of a room, the oldest first; without a place the latest"),
		func(ctx context.Context, in *messagesInput) (*messagesOutput, error) {
			page, err := s.Messages(ctx, in.ID, Query{Before: in.Before, After: in.After, Around: in.Around, Thread: in.Thread, Limit: in.Limit})
			return &messagesOutput{page}, err
		})
	post := op("post-message", http.MethodPost, path, messagesTag, messageKind, "create", "Send a message")
	post.MaxBody = 128 << 10
	httpapi.Register(server, post, func(ctx context.Context, in *postInput) (*messageOutput, error) {
		return messageReply(s.Post(ctx, in.ID, in.message()))
	})
	httpapi.Register(server, op("search-room", http.MethodGet, roomPath+"/search", messagesTag, messageKind, "read", "Find messages of a room by a piece of their text or a file's name, the latest first"),
		func(ctx context.Context, in *searchInput) (*messagesOutput, error) {
			page, err := s.Search(ctx, in.ID, in.Query, in.Before)
			return &messagesOutput{page}, err
		})
	httpapi.Register(server, op("forward-messages", http.MethodPost, "/messages/forward", messagesTag, messageKind, "create", "Send messages on to rooms, each by itself or all as one"),
		func(ctx context.Context, in *forwardInput) (*forwardOutput, error) {
			made, err := s.Forward(ctx, Forwarding{
				IDs: in.Body.IDs, Messages: in.Body.MessageIDs, Rooms: in.Body.RoomIDs, Merged: in.Body.Merged, Title: in.Body.Title,
			})
			out := &forwardOutput{}
			out.Body.Items = made
			return out, err
		})
}

type editInput struct {
	ID   kernel.ID `path:"id" format:"uuid"`
	Body struct {
		Text string `json:"text" maxLength:"60000"`
	}
}

type reactionInput struct {
	ID    kernel.ID `path:"id" format:"uuid"`
	Emoji string    `path:"emoji" maxLength:"400"`
}

// emoji is decoded here if the client's encoding was not the usual one.
func (in *reactionInput) emoji() string {
	if plain, err := url.PathUnescape(in.Emoji); err == nil {
		return plain
	}
	return in.Emoji
}

func (s *Service) registerChanges(server *httpapi.Server) {
	httpapi.Register(server, op("get-message", http.MethodGet, messagePath, messagesTag, messageKind, "read", "One message"),
		func(ctx context.Context, in *idInput) (*messageOutput, error) {
			return messageReply(s.Message(ctx, in.ID))
		})
	httpapi.Register(server, op("edit-message", http.MethodPatch, messagePath, messagesTag, messageKind, "update", "Change the text of my message, within a day"),
		func(ctx context.Context, in *editInput) (*messageOutput, error) {
			return messageReply(s.Edit(ctx, in.ID, in.Body.Text))
		})
	httpapi.Register(server, op("recall-message", http.MethodPost, messagePath+"/recall", messagesTag, messageKind, "recall", "Take a message back (撤回), within a day"),
		func(ctx context.Context, in *idInput) (*messageOutput, error) {
			return messageReply(s.Recall(ctx, in.ID))
		})
	for _, on := range []bool{true, false} {
		method, id, action, summary := http.MethodPut, "add-reaction", "update", "React to a message with an emoji"
		if !on {
			method, id, action, summary = http.MethodDelete, "remove-reaction", "delete", "Take a reaction away"
		}
		httpapi.Register(server, silent(id, method, messagePath+"/reactions/{emoji}", messagesTag, "own-reaction", action, summary),
			func(ctx context.Context, in *reactionInput) (*struct{}, error) {
				return nil, s.React(ctx, in.ID, in.emoji(), on)
			})
	}
}

type receiptInput struct {
	ID   kernel.ID `path:"id" format:"uuid"`
	Body struct {
		State string `json:"state" enum:"received,working,done"`
	}
}

type receiptsInput struct {
	ID kernel.ID `path:"id" format:"uuid"`
	kernel.PageQuery
}

type receiptsOutput struct{ Body kernel.Page[Answered] }

type nudgeOutput struct {
	Body struct {
		People int `json:"people" doc:"How many were reminded"`
	}
}

func (s *Service) registerReceipts(server *httpapi.Server) {
	httpapi.Register(server, op("list-receipts", http.MethodGet, messagePath+"/receipts", messagesTag, "receipt", "read", "Who has read my message, and what they answered"),
		func(ctx context.Context, in *receiptsInput) (*receiptsOutput, error) {
			page, err := s.Receipts(ctx, in.ID, in.PageQuery)
			return &receiptsOutput{page}, err
		})
	httpapi.Register(server, op("answer-message", http.MethodPost, messagePath+"/receipt", messagesTag, "receipt", "update", "Give my receipt: 已收到, 处理中, 已完成"),
		func(ctx context.Context, in *receiptInput) (*messageOutput, error) {
			return messageReply(s.Answer(ctx, in.ID, in.Body.State))
		})
	httpapi.Register(server, op("acknowledge-message", http.MethodPost, messagePath+"/acknowledge", messagesTag, "receipt", "update", "Say that I have seen an urgent message"),
		func(ctx context.Context, in *idInput) (*messageOutput, error) {
			return messageReply(s.Acknowledge(ctx, in.ID))
		})
	nudge := op("nudge-message", http.MethodPost, messagePath+"/nudge", messagesTag, messageKind, "nudge", "Remind (催) those who have not answered my message")
	nudge.Repeatable = false
	httpapi.Register(server, nudge, func(ctx context.Context, in *idInput) (*nudgeOutput, error) {
		n, err := s.Nudge(ctx, in.ID)
		out := &nudgeOutput{}
		out.Body.People = n
		return out, err
	})
}
