package comment

import (
	"context"
	"net/http"

	"atrium.dev/atrium/tenant-app/internal/files"
	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

type listInput struct {
	Kind   string    `path:"kind" maxLength:"40"`
	Object kernel.ID `path:"object" format:"uuid"`
	kernel.PageQuery
}

type addInput struct {
	Kind   string    `path:"kind" maxLength:"40"`
	Object kernel.ID `path:"object" format:"uuid"`
	Body   struct {
		ID      kernel.ID   `json:"id" format:"uuid" doc:"Chosen by the client"`
		Text    string      `json:"text" maxLength:"10000"`
		FileIDs []kernel.ID `json:"fileIds,omitempty" maxItems:"9"`
	}
}

type idInput struct {
	ID kernel.ID `path:"id" format:"uuid"`
}

type listOutput struct {
	Body kernel.Page[Comment]
}

type commentOutput struct {
	Body Comment
}

// Register adds the operations.
func (s *Service) Register(server *httpapi.Server) {
	const tag, kind, all = "comments", "attached-comment", "/comments/{kind}/{object}"
	httpapi.Register(server, httpapi.Op{
		ID: "list-comments", Method: http.MethodGet, Path: all, Tag: tag, Action: "read", Resource: kind,
		Summary: "What people said about an object, oldest first",
	}, func(ctx context.Context, in *listInput) (*listOutput, error) {
		page, err := s.List(ctx, files.Ref{Kind: in.Kind, ID: in.Object}, in.PageQuery)
		return &listOutput{Body: page}, err
	})
	httpapi.Register(server, httpapi.Op{
		ID: "add-comment", Method: http.MethodPost, Path: all, Tag: tag, Action: "create", Resource: kind,
		Status: http.StatusCreated, Summary: "Say something about an object",
	}, func(ctx context.Context, in *addInput) (*commentOutput, error) {
		made, err := s.Add(ctx, files.Ref{Kind: in.Kind, ID: in.Object}, in.Body.ID, in.Body.Text, in.Body.FileIDs)
		return &commentOutput{Body: made}, err
	})
	httpapi.Register(server, httpapi.Op{
		ID: "delete-comment", Method: http.MethodDelete, Path: "/comments/{id}", Tag: tag, Action: "delete", Resource: "own-comment",
		Status: http.StatusNoContent, Summary: "Take back what one said; that one said something stays",
	}, func(ctx context.Context, in *idInput) (*struct{}, error) { return nil, s.Delete(ctx, in.ID) })
}
