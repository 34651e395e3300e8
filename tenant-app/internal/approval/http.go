package approval

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"atrium.dev/atrium/tenant-app/internal/approval/engine"
	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

const (
	tag  = "approvals"
	kind = "approval"
	one  = "/approvals/{id}"
)

// Register adds the operations.
func (s *Service) Register(server *httpapi.Server) {
	s.registerReading(server)
	s.registerSubmitting(server)
	s.registerDeciding(server)
	s.registerOwn(server)
}

func op(id, method, path, action, summary string) httpapi.Op {
	return httpapi.Op{ID: id, Method: method, Path: path, Tag: tag, Summary: summary, Action: action, Resource: kind, Right: SubmitRight}
}

type idInput struct {
	ID kernel.ID `path:"id" format:"uuid"`
}

type listInput struct {
	kernel.PageQuery
	Box    Box           `query:"box" enum:"mine,waiting,decided,cc" default:"mine"`
	Form   string        `query:"form" maxLength:"32" pattern:"^[a-zA-Z0-9_]*$" doc:"Key of a form"`
	Status engine.Status `query:"status" enum:"running,returned,approved,rejected,withdrawn,cancelled"`
}

type listOutput struct {
	Body kernel.Page[Approval]
}

type detailOutput struct {
	httpapi.ETagOut
	Body Detail
}

func (s *Service) detailAfter(ctx context.Context, id kernel.ID, err error) (*detailOutput, error) {
	if err != nil {
		return nil, err
	}
	d, err := s.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return &detailOutput{ETagOut: httpapi.Versioned(d.Revision), Body: d}, nil
}

func (s *Service) registerReading(server *httpapi.Server) {
	httpapi.Register(server, op("list-approvals", http.MethodGet, "/approvals", "read", "One of my lists: submitted by me, waiting for me, decided by me, copied to me"),
		func(ctx context.Context, in *listInput) (*listOutput, error) {
			page, err := s.List(ctx, Filter{Box: in.Box, Form: in.Form, Status: in.Status}, in.PageQuery)
			return &listOutput{Body: page}, err
		})
	httpapi.Register(server, op("get-approval", http.MethodGet, one, "read", "One approval with its time line, and what I can do with it"),
		func(ctx context.Context, in *idInput) (*detailOutput, error) {
			return s.detailAfter(ctx, in.ID, nil)
		})
}

// people by node, as clients name them.
type approvers map[string][]kernel.ID

func (a approvers) check() (map[string][]kernel.ID, error) {
	if len(a) > 20 {
		return nil, kernel.Invalid("approvers_too_many").With("max", 20).OnField("body.approvers")
	}
	for node, people := range a {
		if len(node) > 32 || len(people) > 20 {
			return nil, kernel.Invalid("approvers_too_many").With("max", 20).OnField("body.approvers")
		}
	}
	return a, nil
}

// values as clients send them.
func raw(values map[string]any) (json.RawMessage, error) {
	out, err := json.Marshal(values)
	if err != nil {
		return nil, fmt.Errorf("read the values: %w", err)
	}
	return out, nil
}

type previewInput struct {
	Body struct {
		Form      string         `json:"form" minLength:"1" maxLength:"32"`
		Version   int            `json:"version,omitempty" minimum:"0" maximum:"1000000" doc:"Absent: the newest"`
		Values    map[string]any `json:"values"`
		Approvers approvers      `json:"approvers,omitempty" doc:"People by node, where the submitter names them"`
	}
}

type previewOutput struct {
	Body Preview
}

type submitInput struct {
	Body struct {
		ID        kernel.ID      `json:"id" format:"uuid" doc:"Made by the client"`
		Form      string         `json:"form" minLength:"1" maxLength:"32"`
		Version   int            `json:"version,omitempty" minimum:"0" maximum:"1000000" doc:"Absent: the newest"`
		Values    map[string]any `json:"values"`
		Approvers approvers      `json:"approvers,omitempty" doc:"People by node, where the submitter names them"`
		DraftID   *kernel.ID     `json:"draftId,omitempty" format:"uuid" doc:"Draft that is done with"`
	}
}

type resubmitInput struct {
	ID kernel.ID `path:"id" format:"uuid"`
	httpapi.IfMatchIn
	Body struct {
		Values    map[string]any `json:"values"`
		Approvers approvers      `json:"approvers,omitempty" doc:"Absent: those named before"`
		Comment   string         `json:"comment,omitempty" maxLength:"2000"`
	}
}

func (s *Service) registerSubmitting(server *httpapi.Server) {
	preview := op("preview-approval", http.MethodPost, "/approvals/preview", "preview", "What would happen to values: computed fields, faults so far, who would decide")
	preview.SecretReply = true // it changes nothing: a repetition need not get the same reply
	httpapi.Register(server, preview, func(ctx context.Context, in *previewInput) (*previewOutput, error) {
		people, err := in.Body.Approvers.check()
		if err != nil {
			return nil, err
		}
		values, err := raw(in.Body.Values)
		if err != nil {
			return nil, err
		}
		out, err := s.Preview(ctx, in.Body.Form, in.Body.Version, values, people)
		return &previewOutput{Body: out}, err
	})
	submit := op("submit-approval", http.MethodPost, "/approvals", "submit", "Submit a form that was filled in")
	submit.Status = http.StatusCreated
	submit.Repeatable = true
	httpapi.Register(server, submit, func(ctx context.Context, in *submitInput) (*detailOutput, error) {
		people, err := in.Body.Approvers.check()
		if err != nil {
			return nil, err
		}
		if in.Body.ID == kernel.NoID {
			return nil, kernel.Invalid("id_malformed").OnField("body.id")
		}
		values, err := raw(in.Body.Values)
		if err != nil {
			return nil, err
		}
		err = s.Submit(ctx, Submission{
			ID: in.Body.ID, Form: in.Body.Form, Version: in.Body.Version, Values: values, Approvers: people, Draft: in.Body.DraftID,
		})
		return s.detailAfter(ctx, in.Body.ID, err)
	})
	httpapi.Register(server, op("resubmit-approval", http.MethodPost, one+"/submit", "submit", "Send a returned approval in again, mended"),
		func(ctx context.Context, in *resubmitInput) (*detailOutput, error) {
			people, err := in.Body.Approvers.check()
			if err != nil {
				return nil, err
			}
			values, err := raw(in.Body.Values)
			if err != nil {
				return nil, err
			}
			comment, err := cleanComment(in.Body.Comment)
			if err != nil {
				return nil, err
			}
			return s.detailAfter(ctx, in.ID, s.Resubmit(ctx, in.ID, in.Check, values, people, comment))
		})
}
