// Package engine is the rules of approvals: a pure function from a definition, a
// state, an action and facts to the next state and what is to be done about it. It
// knows no database, no directory and no clock: whoever calls it brings the facts,
// and stores them with the action, so that a log can be replayed for ever.
package engine

import (
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// Version is that of these rules. State and log carry it; a state of a newer
// version is refused, one of an older version must be understood.
const Version = 1

// Limits of one approval.
const (
	maxPeople  = 20
	maxActions = 1000
	maxCopies  = 200
)

// NudgePause is the least time between two nudges of an approval.
const NudgePause = 10 * time.Minute

// Status is where an approval stands.
type Status string

// The statuses. The last four are ends; a passed one can still be cancelled.
const (
	Running   Status = "running"
	Returned  Status = "returned" // with the submitter, to be mended
	Approved  Status = "approved"
	Rejected  Status = "rejected"
	Withdrawn Status = "withdrawn"
	Cancelled Status = "cancelled" // 作废, after it had passed
)

// Ended says whether nobody has anything to decide any more.
func (s Status) Ended() bool { return s != "" && s != Running && s != Returned }

// StepState is what became of a visit of a node.
type StepState string

// The states of a step.
const (
	StepOpen     StepState = "open"
	StepPassed   StepState = "passed"
	StepRejected StepState = "rejected"
	StepReturned StepState = "returned"
	StepLeft     StepState = "left" // the approval was withdrawn
)

// Reason is why a policy decided instead of a person.
type Reason string

// The reasons.
const (
	NobodyFound Reason = "nobody" // nobody was found
	SelfFound   Reason = "self"   // only the submitter was found
	JustDecided Reason = "repeat" // the same person has just approved
)

// ItemState is what became of a person's part in a step.
type ItemState string

// The states of an item.
const (
	ItemWaiting     ItemState = "waiting" // 依次: not yet their turn
	ItemOpen        ItemState = "open"
	ItemApproved    ItemState = "approved"
	ItemRejected    ItemState = "rejected"
	ItemReturned    ItemState = "returned"
	ItemTransferred ItemState = "transferred" // 转办: somebody else has it now
	ItemDropped     ItemState = "dropped"     // not needed any more
	ItemHeld        ItemState = "held"        // somebody else returned it; asked again on resume
)

// Item is one person's part in a step.
type Item struct {
	N        int        `json:"n"` // number in the approval, from 1
	Person   kernel.ID  `json:"person"`
	For      *kernel.ID `json:"for,omitempty"`  // whose delegate the person is
	From     *kernel.ID `json:"from,omitempty"` // who handed it on
	State    ItemState  `json:"state"`
	Auto     Reason     `json:"auto,omitempty"` // a policy approved
	Carried  bool       `json:"carried,omitempty"`
	Reminded bool       `json:"reminded,omitempty"`
	Opened   *time.Time `json:"opened,omitempty"`
	Closed   *time.Time `json:"closed,omitempty"`
}

// Step is one visit of an approve node.
type Step struct {
	Node   string     `json:"node"`
	Round  int        `json:"round"`
	State  StepState  `json:"state"`
	Reason Reason     `json:"reason,omitempty"` // it passed or went back without anybody
	Items  []Item     `json:"items"`
	Opened time.Time  `json:"opened"`
	Closed *time.Time `json:"closed,omitempty"`
	Due    *time.Time `json:"due,omitempty"`
}

// Copied is somebody who was told (抄送).
type Copied struct {
	Person kernel.ID `json:"person"`
	Node   string    `json:"node,omitempty"` // empty: by hand
	At     time.Time `json:"at"`
}

// State is everything the rules know about one approval. The zero State is one
// that was not submitted.
type State struct {
	V         int                    `json:"v"`
	Status    Status                 `json:"status"`
	Submitter kernel.ID              `json:"submitter"`
	Round     int                    `json:"round"`          // how often it began at the first node
	Vars      map[string]any         `json:"vars,omitempty"` // variables of the conditions
	Choices   map[string][]kernel.ID `json:"choices,omitempty"`
	Steps     []Step                 `json:"steps"`
	Resume    []int                  `json:"resume,omitempty"` // steps to go on at once the return is mended; the last one first
	Copies    []Copied               `json:"copies,omitempty"`
	Nudged    *time.Time             `json:"nudged,omitempty"`
	Items     int                    `json:"items"`    // the last item's number
	Revision  int64                  `json:"revision"` // counts what a decision could be wrong about: not comments, copies, nudges
	Applied   []kernel.ID            `json:"applied"`  // ids of all actions so far
}

// Verb is what somebody does with an approval.
type Verb string

// The verbs.
const (
	Submit     Verb = "submit" // also again, after it was returned
	Agree      Verb = "approve"
	Reject     Verb = "reject"
	Return     Verb = "return"
	Transfer   Verb = "transfer"
	Withdraw   Verb = "withdraw"
	Nudge      Verb = "nudge"
	Comment    Verb = "comment"
	SendCopy   Verb = "cc"
	Cancel     Verb = "cancel"
	RemindHold Verb = "remind" // by the app, when a time limit has run out
)

// Verbs are all of them.
var Verbs = []Verb{Submit, Agree, Reject, Return, Transfer, Withdraw, Nudge, Comment, SendCopy, Cancel, RemindHold}

// Action is one thing that somebody did. An action with an id that was applied
// before changes nothing.
type Action struct {
	ID      kernel.ID              `json:"id"`
	Verb    Verb                   `json:"verb"`
	By      kernel.ID              `json:"by"` // kernel.NoID: the app
	Comment string                 `json:"comment,omitempty"`
	Vars    map[string]any         `json:"vars,omitempty"`    // submit
	Choices map[string][]kernel.ID `json:"choices,omitempty"` // submit: people by node
	To      []kernel.ID            `json:"to,omitempty"`      // transfer: one; cc
	Of      *kernel.ID             `json:"of,omitempty"`      // transfer by a manager: whose item
	Node    string                 `json:"node,omitempty"`    // return: to which earlier node; empty: to the submitter
	Resume  bool                   `json:"resume,omitempty"`  // return: go on here afterwards, rather than from there
	Item    int                    `json:"item,omitempty"`    // remind
}

// Candidate is somebody whom a node asks.
type Candidate struct {
	Person   kernel.ID  `json:"person"`
	Delegate *kernel.ID `json:"delegate,omitempty"` // 委派: decides instead now
}

// NodeFact is what was found out about a node when it was entered.
type NodeFact struct {
	People   []Candidate `json:"people"`
	Fallback []Candidate `json:"fallback,omitempty"` // who manages approvals; needed by the rule of that name
	Due      *time.Time  `json:"due,omitempty"`
}

// Facts are what the rules cannot know by themselves.
type Facts struct {
	Nodes   map[string]NodeFact `json:"nodes,omitempty"`
	Manager bool                `json:"manager,omitempty"` // the person manages approvals
}

// NeedFacts means that the action enters a node of which no fact was given. Find
// it out and apply again.
type NeedFacts struct{ Node string }

// Error names the node.
func (e *NeedFacts) Error() string { return "facts are needed of node " + e.Node }

// EffectKind is what is to be done.
type EffectKind string

// The kinds of effect.
const (
	Assigned   EffectKind = "assigned" // Person is to decide Item
	Released   EffectKind = "released" // Person has nothing to do about Item any more
	ToMend     EffectKind = "to_mend"  // Person, the submitter, has it back
	Mended     EffectKind = "mended"   // Person, the submitter, need not mend it any more
	Told       EffectKind = "told"     // Person was sent a copy
	NudgedHold EffectKind = "nudged"   // Person is asked to hurry about Item
	Reminded   EffectKind = "reminded" // the time of Person for Item has run out
	EndReached EffectKind = "ended"    // once: approved, rejected or withdrawn
	Voided     EffectKind = "voided"   // once, after it had passed
)

// Effect is something to be done because of an action.
type Effect struct {
	Kind   EffectKind `json:"kind"`
	Person kernel.ID  `json:"person,omitzero"`
	Item   int        `json:"item,omitempty"`
	Node   string     `json:"node,omitempty"`
	Due    *time.Time `json:"due,omitempty"`
	Status Status     `json:"status,omitempty"`
}
