// Package guide helps people who are new: it knows what they were shown, and which of
// the first steps of their role they have done. Steps tick themselves from what is in
// the database; what a step is, and how it shows, is declared by package office.
package guide

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
)

// Mark is something that only the page knows of a person.
type Mark string

// The marks.
const (
	Toured    Mark = "toured"    // was shown the cards, or skipped them
	Dismissed Mark = "dismissed" // does not want to see the first steps any more
	Installed Mark = "installed" // opened the app from the home screen
	Looked    Mark = "looked"    // opened 待办
)

// Group is whose steps they are: the same person can have several.
type Group string

// The groups, in the order in which their steps are shown.
const (
	Everyone Group = "everyone"
	Head     Group = "head"
	Admin    Group = "administrator"
)

// Step is one of the first steps.
type Step struct {
	Key   string // the page has its words and its link
	Group Group
	Right string // whose step it is; empty: of everyone in the group
	// Done is an SQL condition; ?person stands for the person.
	Done string
}

// Marked is the condition that the page told so.
func Marked(m Mark) string {
	return "EXISTS (SELECT FROM guide_mark WHERE person_id = ?person AND mark = '" + string(m) + "')"
}

// Service is the guide.
type Service struct {
	db    *store.DB
	clock kernel.Clock
	steps []Step
	heads string // SQL condition: the person is a head
}

// New makes the service. heads is the SQL condition of who heads a department.
func New(db *store.DB, clock kernel.Clock, heads string, steps ...Step) *Service {
	return &Service{db: db, clock: clock, heads: heads, steps: steps}
}

// FirstStep is a step as the page shows it.
type FirstStep struct {
	Key   string `json:"key"`
	Group Group  `json:"group" enum:"everyone,head,administrator"`
	Done  bool   `json:"done"`
}

// Guide is how far somebody is.
type Guide struct {
	Toured    bool        `json:"toured" doc:"Was shown the cards, or skipped them"`
	Dismissed bool        `json:"dismissed" doc:"Does not want to see the first steps any more"`
	Steps     []FirstStep `json:"steps"`
}

// Of gives how far the person who is signed in is, in one query.
func (s *Service) Of(ctx context.Context, who kernel.Principal) (Guide, error) {
	var mine []Step
	conditions := []string{Marked(Toured), Marked(Dismissed), s.heads}
	for _, step := range s.steps {
		if step.Right == "" || who.May(step.Right) {
			mine = append(mine, step)
			conditions = append(conditions, step.Done)
		}
	}
	query := strings.ReplaceAll("SELECT ARRAY[("+strings.Join(conditions, "), (")+")]", "?person", "?0")
	var row struct {
		Done []bool `bun:"done,array"`
	}
	if err := s.db.Q(ctx).NewRaw(query+" AS done", who.PersonID).Scan(ctx, &row); err != nil {
		return Guide{}, fmt.Errorf("read how far somebody is: %w", err)
	}
	done := row.Done
	guide := Guide{Toured: done[0], Dismissed: done[1], Steps: []FirstStep{}}
	for i, step := range mine {
		if step.Group != Head || done[2] {
			guide.Steps = append(guide.Steps, FirstStep{Key: step.Key, Group: step.Group, Done: done[3+i]})
		}
	}
	order := []Group{Admin, Head, Everyone}
	slices.SortStableFunc(guide.Steps, func(a, b FirstStep) int { return slices.Index(order, a.Group) - slices.Index(order, b.Group) })
	return guide, nil
}

// Set keeps a mark, or takes it away. Again it changes nothing.
func (s *Service) Set(ctx context.Context, person kernel.ID, mark Mark, on bool) error {
	q := s.db.Q(ctx).NewRaw("DELETE FROM guide_mark WHERE person_id = ? AND mark = ?", person, string(mark))
	if on {
		q = s.db.Q(ctx).NewRaw("INSERT INTO guide_mark (person_id, mark, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", person, string(mark), s.clock())
	}
	if _, err := q.Exec(ctx); err != nil {
		return fmt.Errorf("keep what somebody was shown: %w", err)
	}
	return nil
}

type guideOutput struct{ Body Guide }

type markInput struct {
	Body struct {
		Mark Mark `json:"mark" enum:"toured,dismissed,installed,looked"`
		On   bool `json:"on"`
	}
}

// Register adds the operations.
func (s *Service) Register(server *httpapi.Server) {
	const tag, kind = "guide", "own-guide"
	httpapi.Register(server, httpapi.Op{
		ID: "get-guide", Method: http.MethodGet, Path: "/me/guide", Tag: tag, Action: "read", Resource: kind,
		Summary: "What I was shown, and which first steps I have done",
	}, func(ctx context.Context, _ *struct{}) (*guideOutput, error) {
		who, _ := kernel.PrincipalFrom(ctx)
		guide, err := s.Of(ctx, who)
		return &guideOutput{guide}, err
	})
	httpapi.Register(server, httpapi.Op{
		ID: "mark-guide", Method: http.MethodPut, Path: "/me/guide", Tag: tag, Action: "update", Resource: kind,
		Summary: "Note that I was shown something", Repeatable: true, Status: http.StatusNoContent,
	}, func(ctx context.Context, in *markInput) (*struct{}, error) {
		who, _ := kernel.PrincipalFrom(ctx)
		return nil, s.Set(ctx, who.PersonID, in.Body.Mark, in.Body.On)
	})
}
