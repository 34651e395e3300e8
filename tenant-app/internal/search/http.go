package search

import (
	"context"
	"net/http"

	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// PersonKind is the kind of hits that are people.
const PersonKind = "person"

const peopleBeside = 5 // people that stand beside other hits

// FoundPerson is somebody who was found.
type FoundPerson struct {
	ID         kernel.ID `json:"id"`
	Name       string    `json:"name"`
	AvatarText string    `json:"avatarText"`
	Avatar     string    `json:"avatar,omitempty"`
	Department string    `json:"department,omitempty"`
}

// Found is the answer to a search.
type Found struct {
	People []FoundPerson `json:"people" doc:"On the first page"`
	Items  []Hit         `json:"items" doc:"Newest first"`
	Next   string        `json:"next,omitempty"`
}

type searchInput struct {
	kernel.PageQuery
	Query string `query:"q" required:"true" minLength:"1" maxLength:"200"`
	Kind  string `query:"kind" maxLength:"40" doc:"message, file, approval, person …; absent: all"`
}

type searchOutput struct {
	Body Found
}

// Register adds the operation.
func (s *Service) Register(server *httpapi.Server) {
	httpapi.Register(server, httpapi.Op{
		ID: "search", Method: http.MethodGet, Path: "/search", Tag: "search", Action: "read", Resource: "own-search",
		Summary: "What one may see and that holds all the words; people by name and pinyin",
	}, func(ctx context.Context, in *searchInput) (*searchOutput, error) {
		found, err := s.Search(ctx, in.Query, in.Kind, in.PageQuery)
		return &searchOutput{Body: found}, err
	})
}

// Search finds for the person behind ctx.
func (s *Service) Search(ctx context.Context, typed, kind string, page kernel.PageQuery) (Found, error) {
	who, _ := kernel.PrincipalFrom(ctx)
	found := Found{People: []FoundPerson{}, Items: []Hit{}}
	if page.Cursor == "" && (kind == "" || kind == PersonKind) {
		limit := peopleBeside
		if kind == PersonKind {
			limit = page.Size()
		}
		people, err := s.People(ctx, typed, limit)
		if err != nil {
			return found, err
		}
		found.People = people
	}
	if kind == PersonKind {
		return found, nil
	}
	containers := []string{"person:" + who.PersonID.String()}
	if !who.External {
		containers = append(containers, Everyone)
	}
	var closed []string
	for name, k := range s.kinds {
		if k.Right != "" && !who.May(k.Right) {
			closed = append(closed, name)
			continue
		}
		if k.Containers == nil {
			continue
		}
		more, err := k.Containers(ctx, who.PersonID)
		if err != nil {
			return found, err
		}
		containers = append(containers, more...)
	}
	hits, err := s.Find(ctx, Request{Typed: typed, Person: who.PersonID, Kind: kind, Closed: closed, Containers: containers, Cursor: page.Cursor, Limit: page.Size()})
	found.Items, found.Next = hits.Items, hits.Next
	return found, err
}
