// Package approval is requests that others decide (审批): what the rules in package
// engine say, kept in the database, one transaction an action, and told to whom it
// concerns. It knows forms, to-dos, chat and notices only by the interfaces that it
// declares.
package approval

import (
	"context"
	"encoding/json"
	"time"

	"atrium.dev/atrium/tenant-app/internal/approval/engine"
	"atrium.dev/atrium/tenant-app/internal/directory"
	"atrium.dev/atrium/tenant-app/internal/files"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// Table is a field of rows as it is printed.
type Table struct {
	Name kernel.Text
	Head []kernel.Text
	Rows [][]kernel.Text
}

// Form is one version of a form, as approvals need it.
type Form interface {
	Key() string
	Version() int
	Name() kernel.Text
	// Flow is the definition that engine compiles.
	Flow() json.RawMessage
	// Read checks values. With partial, what is missing is no fault.
	Read(ctx context.Context, values json.RawMessage, partial bool) (Reading, error)
	// Redact takes hidden fields out of values, and what would tell of them.
	Redact(values map[string]any, hidden []string) map[string]any
	// Lines shows fields: those of the summary, or all.
	Lines(values map[string]any, all bool, hidden []string) []kernel.Line
	// Tables shows the fields that are lists of rows, for print.
	Tables(values map[string]any, hidden []string) []Table
	// Away is when the submitter of a leave is away; false for all else.
	Away(values map[string]any, zone *time.Location) (from, to time.Time, ok bool)
	// Keep writes the version down, before an approval points at it.
	Keep(ctx context.Context) error
	// Number gives the next number. It locks a counter until the transaction ends.
	Number(ctx context.Context, day time.Time) (string, error)
}

// Reading is what became of values that somebody sent.
type Reading struct {
	Values map[string]any
	Faults []kernel.FieldError
	Files  []kernel.ID
}

// Forms gives forms.
type Forms interface {
	// Form is a version, 0 the newest; code form_unknown if there is none.
	Form(ctx context.Context, key string, version int) (Form, error)
}

// Todo is one thing that waits for a person.
type Todo struct {
	Person  kernel.ID
	Kind    string // TodoDecide, TodoMend or TodoCopy
	Ref     kernel.ID
	Title   kernel.Text
	Summary []kernel.Line
	From    kernel.ID
	Due     *time.Time
	Data    map[string]any
}

// The kinds of to-do that approvals make.
const (
	TodoDecide = "approval"
	TodoMend   = "approval_returned"
	TodoCopy   = "approval_copy" // only to be read
)

// Calendar counts working hours. Package workcal implements it.
type Calendar interface {
	// AddWorking gives the time when d of working time has passed since from; code
	// calendar_without_work if the company works too little for that within a year.
	AddWorking(ctx context.Context, from time.Time, d time.Duration) (time.Time, error)
}

// Inbox is what waits for people (待办).
type Inbox interface {
	Put(ctx context.Context, item Todo) error
	Done(ctx context.Context, kind string, ref, person kernel.ID) error
}

// Card is an approval as it stands in 消息: what everybody may see who has one.
type Card struct {
	Ref       kernel.ID
	Title     kernel.Text
	Submitter string
	State     engine.Status
	Lines     []kernel.Line
	Task      string            // the number of the work item that it asks its reader to decide; empty: it only tells
	Over      map[string]string // work items that have ended, and how: a state of engine.Item
}

// Cards is the assistant that tells people in chat (审批助手).
type Cards interface {
	// Put sends a card to a person; the same id a second time changes nothing.
	Put(ctx context.Context, id, person kernel.ID, card Card) error
	// Update shows a new state on all cards of an approval.
	Update(ctx context.Context, card Card) error
}

// FormRef names a form.
type FormRef struct {
	Key     string      `json:"key"`
	Version int         `json:"version"`
	Name    kernel.Text `json:"name"`
}

// Approval is one in a list.
type Approval struct {
	ID          kernel.ID             `json:"id" format:"uuid"`
	Number      string                `json:"number"`
	Form        FormRef               `json:"form"`
	Status      engine.Status         `json:"status" enum:"running,returned,approved,rejected,withdrawn,cancelled"`
	Submitter   directory.PersonRef   `json:"submitter"`
	Department  *directory.Ref        `json:"department,omitempty" doc:"Where the submitter was then"`
	Summary     []kernel.Line         `json:"summary" doc:"Fields that the reader may see"`
	Waiting     []directory.PersonRef `json:"waiting" doc:"Who is to decide now"`
	Since       *time.Time            `json:"since,omitempty" doc:"Since when they are"`
	SubmittedAt time.Time             `json:"submittedAt"`
	UpdatedAt   time.Time             `json:"updatedAt"`
	EndedAt     *time.Time            `json:"endedAt,omitempty"`
	Revision    int64                 `json:"revision" doc:"Send it back as If-Match; comments, copies and nudges do not change it"`
}

// Moment is one entry of the time line.
type Moment struct {
	Verb    string                `json:"verb" doc:"submit, approve, reject, return, transfer, withdraw, nudge, comment, cc, cancel, remind; or policy: nobody had to decide"`
	At      time.Time             `json:"at"`
	Person  *directory.PersonRef  `json:"person,omitempty" doc:"Absent if the app did it"`
	For     *directory.PersonRef  `json:"for,omitempty" doc:"Whose delegate the person was"`
	To      []directory.PersonRef `json:"to,omitempty" doc:"Of transfer and cc"`
	Node    kernel.Text           `json:"node,omitempty"`
	Target  kernel.Text           `json:"target,omitempty" doc:"Of return: the node; absent: to the submitter"`
	Resume  bool                  `json:"resume,omitempty" doc:"Of return: it goes on here afterwards"`
	Comment string                `json:"comment,omitempty"`
	Reason  engine.Reason         `json:"reason,omitempty" enum:"nobody,self,repeat" doc:"Of policy"`
	Waited  *int64                `json:"waited,omitempty" doc:"Seconds that it waited for the person"`
}

// Waiting is somebody who is to decide now.
type Waiting struct {
	Person directory.PersonRef  `json:"person"`
	For    *directory.PersonRef `json:"for,omitempty"`
	Node   kernel.Text          `json:"node"`
	Mode   engine.Mode          `json:"mode" enum:"one,all,any,order"`
	Since  *time.Time           `json:"since,omitempty" doc:"Absent: not yet their turn"`
	Due    *time.Time           `json:"due,omitempty"`
}

// Step is a node that is still to come, with the people expected now.
type Step struct {
	Node   string                `json:"node"`
	Kind   engine.Kind           `json:"kind" enum:"approve,cc"`
	Name   kernel.Text           `json:"name"`
	Mode   engine.Mode           `json:"mode,omitempty" enum:"one,all,any,order"`
	People []directory.PersonRef `json:"people"`
	Choose int                   `json:"choose,omitempty" doc:"The submitter names up to so many people"`
	Reason engine.Reason         `json:"reason,omitempty" enum:"nobody,self" doc:"Why nobody is asked"`
}

// NodeRef names a node.
type NodeRef struct {
	ID   string      `json:"id"`
	Name kernel.Text `json:"name"`
}

// Detail is everything that the reader may see of an approval.
type Detail struct {
	Approval
	Values   map[string]any        `json:"values" doc:"By the form's fields"`
	Files    []files.File          `json:"files" doc:"Those that values name by their ids"`
	Hidden   []string              `json:"hidden" doc:"Fields that the reader does not see"`
	Timeline []Moment              `json:"timeline" doc:"The oldest first"`
	Now      []Waiting             `json:"now" doc:"Who is to decide"`
	Future   []Step                `json:"future" doc:"Nodes to come, with the people expected now"`
	Copies   []directory.PersonRef `json:"copies" doc:"Who was sent a copy (抄送)"`
	Actions  []engine.Verb         `json:"actions" doc:"What the reader can do now; submit: mend and submit again"`
	ReturnTo []NodeRef             `json:"returnTo" doc:"Nodes to which it can be returned, besides the submitter"`
	Resumes  bool                  `json:"resumes" doc:"Of a returned one: it goes on where it was returned"`
	Next     *kernel.ID            `json:"next,omitempty" format:"uuid" doc:"Another one that waits for the reader"`
}

// Preview is what would happen to values if they were submitted.
type Preview struct {
	Form   FormRef             `json:"form"`
	Values map[string]any      `json:"values" doc:"With computed fields"`
	Faults []kernel.FieldError `json:"faults" doc:"What is wrong with the values so far"`
	Steps  []Step              `json:"steps"`
}
