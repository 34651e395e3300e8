package todo

import (
	"context"
	"net/http"

	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

type listInput struct {
	kernel.PageQuery
	Kind string `query:"kind" enum:"approval,approval_returned,approval_copy,suggestion" doc:"Absent: all kinds"`
}

type listOutput struct {
	Body Inbox
}

type teamOutput struct {
	Body Team
}

type copiesInput struct {
	Body struct {
		IDs []kernel.ID `json:"ids,omitempty" maxItems:"200"`
		All bool        `json:"all,omitempty" doc:"Every copy, whatever ids names"`
	}
}

type copiesOutput struct {
	Body struct {
		Read int64 `json:"read" doc:"How many were taken out"`
	}
}

// Register adds the operations.
func (s *Service) Register(server *httpapi.Server) {
	op := func(id, path, summary string) httpapi.Op {
		return httpapi.Op{ID: id, Method: http.MethodGet, Path: path, Tag: "todo", Summary: summary, Action: "read", Resource: "own-todo"}
	}
	httpapi.Register(server, op("list-todo", "/todo", "What waits for me (待办), with counts"),
		func(ctx context.Context, in *listInput) (*listOutput, error) {
			inbox, err := s.List(ctx, in.Kind, in.PageQuery)
			return &listOutput{Body: inbox}, err
		})
	httpapi.Register(server, op("get-team-today", "/todo/team", "Who of those I lead is away today, and what waits for them (团队今天)"),
		func(ctx context.Context, _ *struct{}) (*teamOutput, error) {
			team, err := s.Team(ctx)
			return &teamOutput{Body: team}, err
		})
	read := op("read-copies", "/todo/read", "Take copies (抄送) that I have read out of my list, many at once")
	read.Method, read.Action = http.MethodPost, "update"
	httpapi.Register(server, read, func(ctx context.Context, in *copiesInput) (*copiesOutput, error) {
		out := &copiesOutput{}
		var err error
		out.Body.Read, err = s.Read(ctx, in.Body.IDs, in.Body.All)
		return out, err
	})
}
