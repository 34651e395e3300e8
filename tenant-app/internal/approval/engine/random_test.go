package engine_test

import (
	"fmt"
	"math/rand/v2"
	"time"

	"atrium.dev/atrium/tenant-app/internal/approval/engine"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// maker makes random flows, facts and actions. The same seed makes the same ones.
type maker struct {
	*rand.Rand
	people []kernel.ID
	nodes  int
}

func newMaker(seed uint64) *maker {
	m := &maker{Rand: rand.New(rand.NewPCG(seed, 4))}
	for range 8 {
		m.people = append(m.people, m.id())
	}
	return m
}

func (m *maker) id() (id kernel.ID) {
	for i := range id {
		id[i] = byte(m.UintN(256))
	}
	return id
}

func pick[T any](m *maker, from ...T) T { return from[m.IntN(len(from))] }

func (m *maker) somePeople(most int) []kernel.ID {
	var out []kernel.ID
	for _, i := range m.Perm(len(m.people))[:m.IntN(most+1)] {
		out = append(out, m.people[i])
	}
	return out
}

func (m *maker) definition() engine.Definition {
	m.nodes = 0
	d := engine.Definition{
		V: 1, Vars: map[string]string{"days": "number", "type": "text"},
		Policy: engine.Policy{
			Nobody: pick(m, engine.Pass, engine.Fallback), Self: pick(m, engine.Pass, engine.Fallback, engine.Keep), Repeat: pick(m, engine.Pass, engine.Keep),
		},
	}
	d.Nodes = append(m.sequence(2), m.approve())
	return d
}

func (m *maker) sequence(depth int) []engine.Node {
	var out []engine.Node
	for range m.IntN(4) {
		switch n := m.IntN(10); {
		case n < 6:
			out = append(out, m.approve())
		case n < 8 || depth == 0:
			out = append(out, engine.Node{ID: m.name(), Kind: engine.Copy, Who: m.who()})
		default:
			out = append(out, engine.Node{ID: m.name(), Kind: engine.Branch, Branches: []engine.Path{
				{When: pick(m, "days > 3", `type == "sick" and days <= 1`, `type in ["annual", "sick"]`), Nodes: m.sequence(depth - 1)},
				{Nodes: m.sequence(depth - 1)},
			}})
		}
	}
	return out
}

func (m *maker) name() string {
	m.nodes++
	return fmt.Sprintf("n%d", m.nodes)
}

func (m *maker) approve() engine.Node {
	return engine.Node{
		ID: m.name(), Kind: engine.Approve, Mode: pick(m, engine.One, engine.All, engine.Any, engine.Order), Who: m.who(), Hours: 24 * m.IntN(2),
	}
}

func (m *maker) who() *engine.Who {
	if m.IntN(6) == 0 {
		return &engine.Who{By: engine.ByChoice, Max: 4}
	}
	return &engine.Who{By: engine.ByHead, Level: 1}
}

func (m *maker) fact(now time.Time) engine.NodeFact {
	var fact engine.NodeFact
	for _, id := range m.somePeople(4) {
		fact.People = append(fact.People, m.candidate(id))
	}
	for _, id := range m.somePeople(2) {
		fact.Fallback = append(fact.Fallback, m.candidate(id))
	}
	if due := now.Add(10 * time.Minute); m.IntN(2) == 0 {
		fact.Due = &due
	}
	return fact
}

func (m *maker) candidate(id kernel.ID) engine.Candidate {
	c := engine.Candidate{Person: id}
	if m.IntN(5) == 0 {
		delegate := pick(m, m.people...)
		c.Delegate = &delegate
	}
	return c
}

func (m *maker) vars() map[string]any {
	return map[string]any{"days": float64(m.IntN(12)) / 2, "type": pick(m, "annual", "sick", "other")}
}

// action is mostly one that the state allows, and sometimes any.
func (m *maker) action(f *engine.Flow, s engine.State) engine.Action {
	a := engine.Action{ID: m.id(), By: pick(m, m.people...), Comment: "because"}
	if m.IntN(12) == 0 {
		m.wild(&a)
		return a
	}
	switch {
	case s.Status == "":
		a.Verb = engine.Submit
	case s.Status == engine.Running && m.IntN(5) > 1:
		m.decide(&a, f, s)
	case s.Status == engine.Running:
		a.By, a.Verb = s.Submitter, pick(m, engine.Nudge, engine.Nudge, engine.Comment, engine.SendCopy, engine.RemindHold, engine.RemindHold, engine.Withdraw)
	case s.Status == engine.Returned:
		a.By, a.Verb = s.Submitter, pick(m, engine.Submit, engine.Submit, engine.Submit, engine.Comment, engine.Withdraw)
	case s.Status == engine.Approved:
		a.By, a.Verb = s.Submitter, pick(m, engine.Comment, engine.SendCopy, engine.Cancel)
	default:
		a.By, a.Verb = s.Submitter, pick(m, engine.Comment, engine.SendCopy)
	}
	m.complete(&a, f, s)
	return a
}

// decide is something that a holder does.
func (m *maker) decide(a *engine.Action, f *engine.Flow, s engine.State) {
	step := s.Current()
	var holders []engine.Item
	for _, item := range step.Items {
		if item.State == engine.ItemOpen {
			holders = append(holders, item)
		}
	}
	a.By = pick(m, holders...).Person
	a.Verb = pick(m, engine.Agree, engine.Agree, engine.Agree, engine.Agree, engine.Agree, engine.Return, engine.Return, engine.Transfer, engine.Transfer, engine.Comment)
	if m.IntN(12) == 0 {
		a.Verb = engine.Reject
	}
	a.Resume = m.IntN(2) == 0
	if targets := s.Returnable(f); len(targets) > 0 && m.IntN(2) == 0 {
		a.Node = pick(m, targets...)
	}
}

// complete adds what the verb needs.
func (m *maker) complete(a *engine.Action, f *engine.Flow, s engine.State) {
	switch a.Verb {
	case engine.Submit:
		a.Vars, a.Choices = m.vars(), map[string][]kernel.ID{}
		for _, n := range f.Choices() {
			for _, i := range m.Perm(len(m.people))[:1+m.IntN(3)] {
				if m.people[i] != a.By {
					a.Choices[n.ID] = append(a.Choices[n.ID], m.people[i])
				}
			}
		}
	case engine.Transfer:
		a.To = []kernel.ID{pick(m, m.people...)}
	case engine.SendCopy:
		a.To = append(m.somePeople(2), pick(m, m.people...))
	case engine.RemindHold:
		a.By = kernel.NoID
		if step := s.Current(); step != nil {
			a.Item = pick(m, step.Items...).N
		}
	}
}

// wild is anything at all.
func (m *maker) wild(a *engine.Action) {
	a.Verb = pick(m, append(engine.Verbs, "dance")...)
	a.Comment = pick(m, "", "because")
	a.To, a.Node, a.Resume = m.somePeople(3), pick(m, "", "n1", "n2", "nowhere"), m.IntN(2) == 0
	if a.Verb == engine.RemindHold {
		a.By, a.Item = kernel.NoID, m.IntN(9)
	}
	if a.Verb == engine.Submit {
		a.Vars = m.vars()
	}
	if of := pick(m, m.people...); m.IntN(3) == 0 {
		a.Of = &of
	}
}
