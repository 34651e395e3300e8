package approval

import (
	"context"

	"atrium.dev/atrium/tenant-app/internal/approval/engine"
	"atrium.dev/atrium/tenant-app/internal/fact"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/search"
)

// The facts of approvals: their status; what waits for whom and became of it; who is away.
const (
	statusFact   = "approval"
	decisionFact = "approval.decision" // waiting, then a verb, or nothing if it was taken away
	absenceFact  = "absence"           // away, from an approved leave until it is made void
)

// Facts keeps what happened, for reports. Package fact implements it.
type Facts interface {
	Record(ctx context.Context, facts ...fact.Fact) error
}

// Index makes approvals findable. Package search implements it.
type Index interface {
	Put(ctx context.Context, entries ...search.Entry) error
}

// FoundKind is the kind of approvals that are found.
const FoundKind = "approval"

// happened are the facts of one action.
func happened(r *row, before engine.Status, entry engine.Entry, effects []engine.Effect) []fact.Fact {
	var out []fact.Fact
	add := func(kind string, who kernel.ID, from, to string) {
		f := fact.Fact{Kind: kind, Who: who, Object: r.ID, From: from, To: to, At: entry.At}
		if who == r.SubmitterID && r.DepartmentID != nil {
			f.Department = *r.DepartmentID
		}
		out = append(out, f)
	}
	actor, holder := entry.Action.By, entry.Action.By
	if actor == kernel.NoID { // the app itself
		actor = r.SubmitterID
	}
	if entry.Action.Of != nil {
		holder = *entry.Action.Of
	}
	if before != r.Status {
		add(statusFact, actor, string(before), string(r.Status))
	}
	for _, effect := range effects {
		switch {
		case effect.Kind == engine.Assigned:
			add(decisionFact, effect.Person, "", "waiting")
		case effect.Kind == engine.Released && effect.Person == holder:
			add(decisionFact, effect.Person, "waiting", string(entry.Action.Verb))
		case effect.Kind == engine.Released:
			add(decisionFact, effect.Person, "waiting", "")
		}
	}
	switch {
	case r.AwayFrom == nil:
	case r.Status == engine.Approved && before != engine.Approved:
		add(absenceFact, r.SubmitterID, "", "away")
	case before == engine.Approved && r.Status != engine.Approved:
		add(absenceFact, r.SubmitterID, "away", "")
	}
	return out
}

// entry is how an approval is found, by those who take part: by what all of them may see.
func (s *Service) entry(r *row, card Card) search.Entry {
	locale := kernel.MatchLocale(s.Settings().Locale, kernel.ZhCN)
	entry := search.Entry{Kind: FoundKind, Ref: r.ID, Title: card.Title.In(locale), Text: r.Number, Names: []string{card.Submitter}, At: r.SubmittedAt}
	for _, line := range card.Lines {
		entry.Text += "\n" + line.Name.In(locale) + " " + line.Text.In(locale)
	}
	for _, person := range everybody(r) {
		entry.Container = append(entry.Container, "person:"+person.String())
	}
	return entry
}
