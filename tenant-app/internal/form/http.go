package form

import (
	"context"
	"net/http"

	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// Info is a form in the list of those that can be filled in.
type Info struct {
	Key     string      `json:"key"`
	Version int         `json:"version"`
	Name    kernel.Text `json:"name"`
	Hint    kernel.Text `json:"hint,omitempty"`
}

// Sheet is one version of a form, ready to be filled in.
type Sheet struct {
	Info
	Fields  []Field  `json:"fields"`
	Summary []string `json:"summary" doc:"Fields shown in lists and on cards"`
}

type listOutput struct {
	Body struct {
		Items []Info `json:"items"`
	}
}

type getInput struct {
	Key     string `path:"key" maxLength:"32"`
	Version int    `query:"version" minimum:"0" maximum:"1000000" doc:"Of an approval that exists; absent: the newest"`
}

type getOutput struct {
	Body Sheet
}

func (d *Definition) info() Info {
	return Info{Key: d.Key, Version: d.Version, Name: d.Name, Hint: d.Hint}
}

// Register adds the operations.
func (s *Service) Register(server *httpapi.Server) {
	op := func(id, path, summary string) httpapi.Op {
		return httpapi.Op{
			ID: id, Method: http.MethodGet, Path: path, Tag: "approvals", Summary: summary, Action: "read", Resource: "approval-form", Right: "approval.submit",
		}
	}
	httpapi.Register(server, op("list-approval-forms", "/approval-forms", "Forms that can be filled in"),
		func(ctx context.Context, _ *struct{}) (*listOutput, error) {
			forms, err := s.List(ctx)
			out := &listOutput{}
			out.Body.Items = make([]Info, 0, len(forms))
			for _, d := range forms {
				out.Body.Items = append(out.Body.Items, d.info())
			}
			return out, err
		})
	httpapi.Register(server, op("get-approval-form", "/approval-forms/{key}", "The fields of a form; who decides is told by preview"),
		func(ctx context.Context, in *getInput) (*getOutput, error) {
			d, err := s.Get(ctx, in.Key, in.Version)
			if err != nil {
				return nil, err
			}
			return &getOutput{Body: Sheet{Info: d.info(), Fields: d.Fields, Summary: d.Summary}}, nil
		})
}
