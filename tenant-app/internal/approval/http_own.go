package approval

import (
	"context"
	"net/http"

	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

type draftsOutput struct {
	Body struct {
		Items []Draft `json:"items"`
	}
}

type draftOutput struct {
	Body Draft
}

type keepDraftInput struct {
	ID   kernel.ID `path:"id" format:"uuid" doc:"Made by the client"`
	Body struct {
		Form   string         `json:"form" minLength:"1" maxLength:"32"`
		Values map[string]any `json:"values"`
	}
}

type phrasesBody struct {
	Body struct {
		Phrases []string `json:"phrases" maxItems:"30"`
	}
}

type delegationOutput struct {
	Body Delegation
}

type delegateInput struct {
	Body struct {
		DelegateID *kernel.ID `json:"delegateId,omitempty" format:"uuid" doc:"Absent: nobody any more"`
		From       string     `json:"from,omitempty" maxLength:"10" doc:"YYYY-MM-DD"`
		To         string     `json:"to,omitempty" maxLength:"10" doc:"YYYY-MM-DD, the last day"`
	}
}

func own(id, method, path, action, resource, summary string) httpapi.Op {
	o := op(id, method, path, action, summary)
	o.Resource = resource
	return o
}

func (s *Service) registerOwn(server *httpapi.Server) {
	const draft, drafts = "/approval-drafts/{id}", "/approval-drafts"
	httpapi.Register(server, own("list-approval-drafts", http.MethodGet, drafts, "read", "approval-draft", "My drafts"),
		func(ctx context.Context, _ *struct{}) (*draftsOutput, error) {
			out := &draftsOutput{}
			var err error
			out.Body.Items, err = s.Drafts(ctx)
			return out, err
		})
	httpapi.Register(server, own("get-approval-draft", http.MethodGet, draft, "read", "approval-draft", "One of my drafts"),
		func(ctx context.Context, in *idInput) (*draftOutput, error) {
			d, err := s.Draft(ctx, in.ID)
			return &draftOutput{Body: d}, err
		})
	httpapi.Register(server, own("keep-approval-draft", http.MethodPut, draft, "update", "approval-draft", "Keep what I have filled in so far"),
		func(ctx context.Context, in *keepDraftInput) (*draftOutput, error) {
			if in.ID == kernel.NoID {
				return nil, kernel.Invalid("id_malformed").OnField("path.id")
			}
			values, err := raw(in.Body.Values)
			if err != nil {
				return nil, err
			}
			if err := s.KeepDraft(ctx, in.ID, in.Body.Form, values); err != nil {
				return nil, err
			}
			d, err := s.Draft(ctx, in.ID)
			return &draftOutput{Body: d}, err
		})
	drop := own("delete-approval-draft", http.MethodDelete, draft, "delete", "approval-draft", "Delete one of my drafts")
	drop.Status = http.StatusNoContent
	httpapi.Register(server, drop, func(ctx context.Context, in *idInput) (*struct{}, error) {
		return nil, s.DropDraft(ctx, in.ID)
	})
	s.registerPhrases(server)
	s.registerDelegation(server)
}

func (s *Service) registerPhrases(server *httpapi.Server) {
	reply := func(ctx context.Context, err error) (*phrasesBody, error) {
		if err != nil {
			return nil, err
		}
		out := &phrasesBody{}
		out.Body.Phrases, err = s.Phrases(ctx)
		return out, err
	}
	httpapi.Register(server, own("get-approval-phrases", http.MethodGet, "/approval-phrases", "read", "approval-phrase", "My sentences for comments (常用语)"),
		func(ctx context.Context, _ *struct{}) (*phrasesBody, error) { return reply(ctx, nil) })
	httpapi.Register(server, own("keep-approval-phrases", http.MethodPut, "/approval-phrases", "update", "approval-phrase", "Replace my sentences for comments"),
		func(ctx context.Context, in *phrasesBody) (*phrasesBody, error) {
			return reply(ctx, s.KeepPhrases(ctx, in.Body.Phrases))
		})
}

func (s *Service) registerDelegation(server *httpapi.Server) {
	reply := func(ctx context.Context, err error) (*delegationOutput, error) {
		if err != nil {
			return nil, err
		}
		out := &delegationOutput{}
		out.Body, err = s.Delegation(ctx)
		return out, err
	}
	httpapi.Register(server, own("get-delegation", http.MethodGet, "/me/delegation", "read", "delegation", "Who decides instead of me (委派)"),
		func(ctx context.Context, _ *struct{}) (*delegationOutput, error) { return reply(ctx, nil) })
	httpapi.Register(server, own("set-delegation", http.MethodPut, "/me/delegation", "update", "delegation", "Say who decides instead of me, and from when to when"),
		func(ctx context.Context, in *delegateInput) (*delegationOutput, error) {
			delegate := kernel.NoID
			if in.Body.DelegateID != nil {
				delegate = *in.Body.DelegateID
			}
			return reply(ctx, s.Delegate(ctx, delegate, in.Body.From, in.Body.To))
		})
}
