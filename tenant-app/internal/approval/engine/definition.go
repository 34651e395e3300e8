package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// Limits of a definition.
const (
	maxNodes    = 50
	maxDepth    = 5
	maxBranches = 10
	maxHours    = 24 * 90
)

// Kind is what a node does.
type Kind string

// The kinds of node.
const (
	Approve Kind = "approve" // people decide
	Copy    Kind = "cc"      // 抄送: people are told, the flow goes on
	Branch  Kind = "branch"  // the first path whose condition holds is taken
)

// Mode is how several people decide at one node.
type Mode string

// The modes of an approve node.
const (
	One   Mode = "one"   // the first of those found decides
	All   Mode = "all"   // 会签: all must agree
	Any   Mode = "any"   // 或签: one suffices, also to reject
	Order Mode = "order" // 依次: one after the other
)

// Rule is what becomes of a node that has no proper holder.
type Rule string

// The rules of a Policy.
const (
	Pass     Rule = "pass"     // the node counts as passed
	Fallback Rule = "fallback" // those who manage approvals decide instead
	Keep     Rule = "keep"     // nothing special: the person decides
)

// Policy rules the three cases in which asking makes no sense.
type Policy struct {
	Nobody Rule `json:"nobody"` // nobody was found: pass or fallback
	Self   Rule `json:"self"`   // only the submitter was found: pass, fallback or keep
	Repeat Rule `json:"repeat"` // someone has just approved the node before: pass or keep
}

// By is how the people of a node are found.
type By string

// The ways to find people.
const (
	ByPerson   By = "person"   // these people
	ByPosition By = "position" // who holds a position (岗位) of one of these names
	ByRole     By = "role"     // who has one of these roles
	ByHead     By = "head"     // 部门负责人 of the submitter's department, Level 1, or above it
	ByManager  By = "manager"  // 直属上级 of the submitter
	ByChoice   By = "choice"   // whom the submitter names
)

// Who says how the people of a node are found.
type Who struct {
	By     By          `json:"by"`
	Level  int         `json:"level,omitempty"`  // of ByHead, 1 to 10
	People []kernel.ID `json:"people,omitempty"` // of ByPerson
	Names  []string    `json:"names,omitempty"`  // of ByPosition and ByRole
	Max    int         `json:"max,omitempty"`    // of ByChoice: how many may be named, 1 to 20
}

// Node is one node of the tree. Its fields are those of its kind.
type Node struct {
	ID       string      `json:"id"`
	Kind     Kind        `json:"kind"`
	Name     kernel.Text `json:"name,omitempty"`
	Mode     Mode        `json:"mode,omitempty"`     // approve
	Who      *Who        `json:"who,omitempty"`      // approve, cc
	Hours    int         `json:"hours,omitempty"`    // approve: working hours until the holders are reminded; 0: no limit
	Hide     []string    `json:"hide,omitempty"`     // approve, cc: fields that its people do not see
	Branches []Path      `json:"branches,omitempty"` // branch
}

// Path is one way through a branch. The last one has no condition: otherwise.
type Path struct {
	When  string `json:"when,omitempty"`
	Nodes []Node `json:"nodes"`
}

// Definition is the flow of one version of a form.
type Definition struct {
	V      int               `json:"v"`              // of this format: 1
	Vars   map[string]string `json:"vars,omitempty"` // fields that conditions use: number, text or bool
	Policy Policy            `json:"policy"`
	Nodes  []Node            `json:"nodes"`
}

// Flow is a definition that was checked, ready to run. It is never changed.
type Flow struct {
	def   Definition
	first string
	nodes map[string]*place
}

// place is a node with its place in the tree.
type place struct {
	Node
	next  string // node after it; empty: the end
	order int    // position in the tree, from the front
	paths []path // of a branch
}

type path struct {
	holds func(vars map[string]any) (bool, error) // nil: otherwise
	first string                                  // empty: nothing on this path
}

var word = regexp.MustCompile(`^[a-z][a-zA-Z0-9_]{0,31}$`)

// definitionFormat is the version of definitions that this release understands.
const definitionFormat = 1

// Read reads and checks a definition. Code approval_newer for one in a format of a later
// release.
func Read(raw []byte) (*Flow, error) {
	var format struct{ V int }
	if err := json.Unmarshal(raw, &format); err != nil {
		return nil, fmt.Errorf("read the flow: %w", err)
	}
	if format.V > definitionFormat { // its nodes may be of other shapes, too
		return nil, kernel.Unavailable("approval_newer").With("version", format.V)
	}
	var d Definition
	if err := json.Unmarshal(raw, &d); err != nil {
		return nil, fmt.Errorf("read the flow: %w", err)
	}
	return Compile(d)
}

// Compile checks a definition. The error names the node at fault.
func Compile(d Definition) (*Flow, error) {
	if d.V != definitionFormat {
		return nil, fmt.Errorf("read the flow: format %d is not known to this release", d.V)
	}
	p := d.Policy
	if !slices.Contains([]Rule{Pass, Fallback}, p.Nobody) || !slices.Contains([]Rule{Pass, Fallback, Keep}, p.Self) || !slices.Contains([]Rule{Pass, Keep}, p.Repeat) {
		return nil, errors.New("read the flow: the policy must say nobody, self and repeat")
	}
	vars, err := zeroes(d.Vars)
	if err != nil {
		return nil, err
	}
	f := &Flow{def: d, nodes: map[string]*place{}}
	if f.first, err = f.add(d.Nodes, "", 1, vars); err != nil {
		return nil, fmt.Errorf("read the flow: %w", err)
	}
	for _, n := range f.nodes {
		if n.Kind == Approve {
			return f, nil
		}
	}
	return nil, errors.New("read the flow: no node of it asks anybody")
}

// add takes nodes into the flow, the last of which leads to next, and gives the
// first of them, or next if there is none.
func (f *Flow) add(nodes []Node, next string, depth int, vars map[string]any) (string, error) {
	if depth > maxDepth {
		return "", fmt.Errorf("branches stand more than %d deep", maxDepth)
	}
	for i, n := range nodes {
		if err := n.check(); err != nil {
			return "", fmt.Errorf("node %q: %w", n.ID, err)
		}
		if f.nodes[n.ID] != nil || len(f.nodes) == maxNodes {
			return "", fmt.Errorf("node %q: the id is used twice, or there are more than %d nodes", n.ID, maxNodes)
		}
		at := &place{Node: n, next: next, order: len(f.nodes)}
		if i+1 < len(nodes) {
			at.next = nodes[i+1].ID
		}
		f.nodes[n.ID] = at
		for j, branch := range n.Branches {
			holds, err := condition(branch.When, vars, j == len(n.Branches)-1)
			if err != nil {
				return "", fmt.Errorf("node %q: path %d: %w", n.ID, j+1, err)
			}
			first, err := f.add(branch.Nodes, at.next, depth+1, vars)
			if err != nil {
				return "", err
			}
			at.paths = append(at.paths, path{holds: holds, first: first})
		}
	}
	if len(nodes) == 0 {
		return next, nil
	}
	return nodes[0].ID, nil
}

func (n Node) check() error {
	if !word.MatchString(n.ID) {
		return errors.New("the id must be a short word")
	}
	switch n.Kind {
	case Approve:
		if !slices.Contains([]Mode{One, All, Any, Order}, n.Mode) || n.Hours < 0 || n.Hours > maxHours || len(n.Branches) > 0 {
			return errors.New("an approve node has a mode, at most 90 days and no paths")
		}
		return n.Who.check()
	case Copy:
		if n.Mode != "" || n.Hours != 0 || len(n.Branches) > 0 {
			return errors.New("a cc node has neither mode, time limit nor paths")
		}
		return n.Who.check()
	case Branch:
		if n.Mode != "" || n.Hours != 0 || n.Who != nil || len(n.Hide) > 0 || len(n.Branches) < 2 || len(n.Branches) > maxBranches {
			return fmt.Errorf("a branch has 2 to %d paths and nothing more", maxBranches)
		}
		return nil
	}
	return fmt.Errorf("kind %q is not known to this release", n.Kind)
}

func (w *Who) check() error {
	switch {
	case w == nil:
		return errors.New("it must say who")
	case w.By == ByHead && w.Level >= 1 && w.Level <= 10,
		w.By == ByManager,
		w.By == ByPerson && len(w.People) >= 1 && len(w.People) <= maxPeople,
		(w.By == ByPosition || w.By == ByRole) && len(w.Names) >= 1 && len(w.Names) <= maxPeople,
		w.By == ByChoice && w.Max >= 1 && w.Max <= maxPeople:
		return nil
	}
	return fmt.Errorf("people by %q: not known to this release, or without the values that it needs", w.By)
}

// Definition is what the flow was made from.
func (f *Flow) Definition() Definition { return f.def }

// Node gives a node; false if there is none of that id.
func (f *Flow) Node(id string) (Node, bool) {
	at, ok := f.nodes[id]
	if !ok {
		return Node{}, false
	}
	return at.Node, true
}

// Limit is how long the holders of a node have, in working time; 0: no limit.
func (n Node) Limit() time.Duration { return time.Duration(n.Hours) * time.Hour }

// Choices are the nodes for which the submitter names the people, in their order.
func (f *Flow) Choices() []Node {
	var out []Node
	for _, at := range f.nodes {
		if at.Who != nil && at.Who.By == ByChoice {
			out = append(out, at.Node)
		}
	}
	slices.SortFunc(out, func(a, b Node) int { return f.nodes[a.ID].order - f.nodes[b.ID].order })
	return out
}
