package desk

import (
	"context"
	"net/http"

	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

type listInput struct {
	kernel.PageQuery
	Box   Box   `query:"box" enum:"mine,all" default:"mine" doc:"all: for handlers"`
	State State `query:"state" enum:"waiting,working,answered,closed" doc:"Absent: all"`
}

type listOutput struct {
	Body kernel.Page[Suggestion]
}

type detailOutput struct {
	Body SuggestionDetail
}

type idInput struct {
	ID kernel.ID `path:"id" format:"uuid"`
}

type suggestInput struct {
	Body struct {
		ID        kernel.ID   `json:"id" format:"uuid" doc:"Made by the client; of an anonymous one it is not kept"`
		Title     string      `json:"title" minLength:"1" maxLength:"100"`
		Text      string      `json:"text" minLength:"1" maxLength:"10000"`
		FileIDs   []kernel.ID `json:"fileIds,omitempty" maxItems:"9" doc:"Not of an anonymous one"`
		Anonymous bool        `json:"anonymous,omitempty"`
		Code      string      `json:"code,omitempty" maxLength:"40" doc:"Of an anonymous one: 16 signs of A–Z and 2–9 without I and O, made by the client; whoever has it reads the answer"`
	}
}

type suggestionActInput struct {
	ID   kernel.ID `path:"id" format:"uuid"`
	Body struct {
		ID   kernel.ID `json:"id" format:"uuid" doc:"Made by the client"`
		Verb Verb      `json:"verb" enum:"follow,take,answer,close"`
		Text string    `json:"text,omitempty" maxLength:"10000" doc:"Of answer and follow"`
	}
}

type suggestionCodeInput struct {
	Body struct {
		Code string `json:"code" minLength:"1" maxLength:"40"`
	}
}

type suggestionFollowInput struct {
	Body struct {
		Code string    `json:"code" minLength:"1" maxLength:"40"`
		ID   kernel.ID `json:"id" format:"uuid" doc:"Made by the client; not kept"`
		Text string    `json:"text" minLength:"1" maxLength:"10000"`
	}
}

type settingsInput struct {
	Body BoxSettings
}

type settingsOutput struct {
	Body BoxState
}

const (
	path = "/suggestions"
	one  = path + "/{id}"
)

func op(id, method, path, action, summary string) httpapi.Op {
	return httpapi.Op{ID: id, Method: method, Path: path, Tag: "desk", Summary: summary, Action: action, Resource: Kind, Right: SubmitRight}
}

// unkept is an operation of which no reply is kept: it would say who sent the request.
func unkept(op httpapi.Op) httpapi.Op {
	op.Repeatable = true
	return op
}

func reply(d SuggestionDetail, err error) (*detailOutput, error) { return &detailOutput{Body: d}, err }

// Register adds the operations.
func (s *Service) Register(server *httpapi.Server) {
	httpapi.Register(server, op("list-suggestions", http.MethodGet, path, "read", "Suggestions of mine, or for handlers all"),
		func(ctx context.Context, in *listInput) (*listOutput, error) {
			page, err := s.List(ctx, in.Box, in.State, in.PageQuery)
			return &listOutput{Body: page}, err
		})
	httpapi.Register(server, op("get-suggestion", http.MethodGet, one, "read", "One suggestion, with all that was said"),
		func(ctx context.Context, in *idInput) (*detailOutput, error) { return reply(s.Get(ctx, in.ID)) })
	submit := unkept(op("submit-suggestion", http.MethodPost, path, "create", "Put a suggestion into the box (建议箱), where the company allows it without a name"))
	submit.Status = http.StatusCreated
	httpapi.Register(server, submit, func(ctx context.Context, in *suggestInput) (*detailOutput, error) {
		b := in.Body
		return reply(s.Submit(ctx, Submission{ID: b.ID, Title: b.Title, Text: b.Text, Files: b.FileIDs, Anonymous: b.Anonymous, Code: b.Code}))
	})
	httpapi.Register(server, op("act-on-suggestion", http.MethodPost, one+"/entries", "update", "Take, answer, close it, or say more about one's own"),
		func(ctx context.Context, in *suggestionActInput) (*detailOutput, error) {
			return reply(s.Act(ctx, in.ID, in.Body.ID, in.Body.Verb, in.Body.Text))
		})
	s.registerAnonymous(server)
	s.registerSettings(server)
}

func (s *Service) registerAnonymous(server *httpapi.Server) {
	httpapi.Register(server, unkept(op("look-up-suggestion", http.MethodPost, path+"/by-code", "read", "The anonymous suggestion of which I have the code")),
		func(ctx context.Context, in *suggestionCodeInput) (*detailOutput, error) {
			return reply(s.LookUp(ctx, in.Body.Code))
		})
	httpapi.Register(server, unkept(op("follow-up-suggestion", http.MethodPost, path+"/by-code/entries", "update", "Say more about the anonymous suggestion of which I have the code")),
		func(ctx context.Context, in *suggestionFollowInput) (*detailOutput, error) {
			return reply(s.FollowUp(ctx, in.Body.Code, in.Body.ID, in.Body.Text))
		})
}

func (s *Service) registerSettings(server *httpapi.Server) {
	const path = "/desk-settings"
	state := func(ctx context.Context) (*settingsOutput, error) {
		state, err := s.State(ctx)
		return &settingsOutput{state}, err
	}
	httpapi.Register(server, op("get-desk-settings", http.MethodGet, path, "read", "What the company decided about its suggestion box, and whether somebody looks after it"),
		func(ctx context.Context, _ *struct{}) (*settingsOutput, error) { return state(ctx) })
	set := op("set-desk-settings", http.MethodPut, path, "update", "Allow anonymous suggestions, or not")
	set.Right, set.Resource = ManageRight, "desk-setting"
	httpapi.Register(server, set, func(ctx context.Context, in *settingsInput) (*settingsOutput, error) {
		if err := s.SetSettings(ctx, in.Body); err != nil {
			return nil, err
		}
		return state(ctx)
	})
}
