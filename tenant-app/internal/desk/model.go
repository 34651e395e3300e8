// Package desk is the suggestion box (建议箱): what people of the company put in, with
// their name or, where the company allows it, without; who handles it; the answer and
// what is said afterwards. An open suggestion has 24 working hours. Of an anonymous one
// nothing is kept that leads to its author: no person, no upload, no time to the
// minute, no request that could be repeated; the author comes back with a code.
package desk

import (
	"context"
	"time"

	"atrium.dev/atrium/tenant-app/internal/authz"
	"atrium.dev/atrium/tenant-app/internal/directory"
	"atrium.dev/atrium/tenant-app/internal/fact"
	"atrium.dev/atrium/tenant-app/internal/files"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/search"
)

// Rights of the suggestion box.
const (
	SubmitRight = "desk.submit"
	HandleRight = "desk.handle" // to see all, to take, answer and close them
	ManageRight = "desk.manage" // to allow anonymous ones
)

// Rights are what roles can give on suggestions.
var Rights = []authz.Right{
	{Name: SubmitRight, Default: map[string]authz.Scope{authz.Administrator: authz.ScopeAll, authz.Staff: authz.ScopeAll}},
	{Name: HandleRight, Default: map[string]authz.Scope{authz.Administrator: authz.ScopeAll, authz.SystemAdministrator: authz.ScopeAll}},
	{Name: ManageRight, Default: map[string]authz.Scope{authz.Administrator: authz.ScopeAll, authz.SystemAdministrator: authz.ScopeAll}},
}

// Kind names suggestions to files, search, to-dos, facts and cards.
const Kind = "suggestion"

// Limits.
const (
	maxTitle    = 100    // characters
	maxText     = 10_000 // characters
	maxEntries  = 500
	maxFiles    = 9
	maxFile     = 50 << 20       // bytes
	mostHandled = 20             // people who are told of a new one
	limit       = 24 * time.Hour // of working time, until the answer
)

// State is where a suggestion stands.
type State string

// The states.
const (
	Waiting  State = "waiting"  // 待处理
	Working  State = "working"  // 处理中
	Answered State = "answered" // 已答复
	Closed   State = "closed"   // 已关闭
)

func (s State) open() bool { return s == Waiting || s == Working }

// Verb is what somebody does with a suggestion.
type Verb string

// The verbs. The last is the author's.
const (
	Take   Verb = "take"
	Answer Verb = "answer"
	Close  Verb = "close"
	Follow Verb = "follow"
)

// Suggestion is one in a list.
type Suggestion struct {
	ID        kernel.ID            `json:"id" format:"uuid"`
	Title     string               `json:"title"`
	State     State                `json:"state" enum:"waiting,working,answered,closed"`
	Author    *directory.PersonRef `json:"author,omitempty" doc:"Absent: anonymous"`
	Handler   *directory.PersonRef `json:"handler,omitempty" doc:"Who has taken it"`
	Due       *time.Time           `json:"due,omitempty" doc:"Until when it is to be answered; absent: it is"`
	CreatedAt time.Time            `json:"createdAt" doc:"Of an anonymous one: the hour"`
	UpdatedAt time.Time            `json:"updatedAt"`
	Revision  int64                `json:"revision"`
}

// SuggestionEntry is what was said or done.
type SuggestionEntry struct {
	ID     kernel.ID            `json:"id" format:"uuid"`
	Verb   Verb                 `json:"verb" enum:"take,answer,close,follow"`
	Person *directory.PersonRef `json:"person,omitempty" doc:"Absent: the anonymous author"`
	Text   string               `json:"text,omitempty"`
	At     time.Time            `json:"at"`
}

// SuggestionDetail is a suggestion with everything that was said.
type SuggestionDetail struct {
	Suggestion
	Text    string            `json:"text"`
	Files   []files.File      `json:"files"`
	Entries []SuggestionEntry `json:"entries" doc:"The oldest first"`
	Actions []Verb            `json:"actions" doc:"What the reader can do"`
}

// Card is a suggestion as it stands in 消息.
type Card struct {
	Ref    kernel.ID
	Title  string
	Author string // empty: anonymous
	Text   string // its beginning
	State  State
}

// Cards is the assistant that tells people in chat (建议助手).
type Cards interface {
	// Put sends a card to a person; the same id a second time changes nothing.
	Put(ctx context.Context, id, person kernel.ID, card Card) error
	// Update shows a new state on all cards of a suggestion.
	Update(ctx context.Context, card Card) error
}

// Todo is a suggestion that waits for a handler.
type Todo struct {
	Person kernel.ID
	Ref    kernel.ID
	Title  string
	From   kernel.ID // kernel.NoID: anonymous
	Due    *time.Time
}

// Inbox is what waits for people (待办).
type Inbox interface {
	Put(ctx context.Context, item Todo) error
	// Clear takes a suggestion out of all inboxes but one; kernel.NoID: of all.
	Clear(ctx context.Context, ref, besides kernel.ID) error
}

// Calendar counts working hours. Package workcal implements it.
type Calendar interface {
	AddWorking(ctx context.Context, from time.Time, d time.Duration) (time.Time, error)
}

// Files is where attached files are. Package files implements it.
type Files interface {
	Attach(ctx context.Context, owner files.Ref, ids []kernel.ID) error
	Of(ctx context.Context, kind string, objects []kernel.ID) (map[kernel.ID][]files.File, error)
}

// Index makes suggestions findable. Package search implements it.
type Index interface {
	Put(ctx context.Context, entries ...search.Entry) error
}

// Facts keeps what happened, for reports. Package fact implements it.
type Facts interface {
	Record(ctx context.Context, facts ...fact.Fact) error
}

// Audit keeps who did what. Package audit implements it.
type Audit interface {
	Write(ctx context.Context, event string, object kernel.ID, details map[string]any) error
}
