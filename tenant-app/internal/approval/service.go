package approval

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/approval/engine"
	"atrium.dev/atrium/tenant-app/internal/directory"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/live"
	"atrium.dev/atrium/tenant-app/internal/store"
)

// Config is what approvals need.
type Config struct {
	DB       *store.DB
	Clock    kernel.Clock
	Settings func() contract.Settings
	Jobs     *store.Jobs
	Live     *live.Hub
	Forms    Forms
	Inbox    Inbox
	Cards    Cards
	Calendar Calendar
	Files    Files
	Index    Index
	Facts    Facts
	Rights   directory.Filters

	// Managers are at most so many of those who hold ManageRight: they decide where
	// nobody else can.
	Managers func(ctx context.Context, most int) ([]kernel.ID, error)
}

// Service holds the use cases.
type Service struct {
	Config
	flows sync.Map // compiled flows by formVersion; versions never change
}

type formVersion struct {
	key     string
	version int
}

// New makes the approvals of the company in config.DB, with their jobs.
func New(config Config) *Service {
	s := &Service{Config: config}
	s.Jobs.Handle(jobRemind, 1, s.remind)
	s.Jobs.On(eventChanged, "cards", 1, s.showCards)
	return s
}

// checkVersion compares the version that somebody saw with the present one.
type checkVersion func(revision int64) error

// sheet is a form with its flow.
type sheet struct {
	Form
	flow *engine.Flow
}

func (s *Service) sheet(ctx context.Context, key string, version int) (sheet, error) {
	form, err := s.Forms.Form(ctx, key, version)
	if err != nil {
		return sheet{}, err
	}
	at := formVersion{form.Key(), form.Version()}
	if flow, ok := s.flows.Load(at); ok {
		return sheet{form, flow.(*engine.Flow)}, nil
	}
	flow, err := engine.Read(form.Flow())
	if err != nil {
		return sheet{}, fmt.Errorf("form %s: %w", key, err)
	}
	s.flows.Store(at, flow)
	return sheet{form, flow}, nil
}

func (f sheet) ref() FormRef { return FormRef{Key: f.Key(), Version: f.Version(), Name: f.Name()} }

// vars are the variables of the flow's conditions, out of the values.
func (f sheet) vars(values map[string]any) map[string]any {
	out := map[string]any{}
	for name := range f.flow.Definition().Vars {
		switch value := values[name].(type) {
		case int64:
			out[name] = float64(value)
		case float64, string, bool:
			out[name] = value
		}
	}
	return out
}

// reader is who asks.
func reader(ctx context.Context) kernel.Principal {
	who, _ := kernel.PrincipalFrom(ctx) // operations are for people who signed in
	return who
}

// zone is the company's time zone.
func (s *Service) zone() *time.Location {
	zone, err := time.LoadLocation(s.Settings().Timezone)
	if err != nil {
		return time.UTC // Settings.Check has refused this before
	}
	return zone
}

// act does one action on an approval that the person may see: the row stays locked
// until the transaction ends, so actions on one approval take turns. change may
// set values of the row before the rules are asked.
func (s *Service) act(ctx context.Context, id kernel.ID, check checkVersion, action engine.Action, change func(context.Context, *row, sheet) error) error {
	return s.DB.InTx(ctx, func(ctx context.Context) error {
		r, err := s.lock(ctx, id)
		if err != nil {
			return err
		}
		if check != nil {
			if err := check(r.Revision); err != nil {
				return err
			}
		}
		form, err := s.sheet(ctx, r.FormKey, r.FormVersion)
		if err != nil {
			return err
		}
		if change != nil {
			if err := change(ctx, r, form); err != nil {
				return err
			}
			action.Vars = form.vars(r.values)
		}
		return s.apply(ctx, r, form, action)
	})
}

// apply asks the rules and keeps what they say.
func (s *Service) apply(ctx context.Context, r *row, form sheet, action engine.Action) error {
	now := s.Clock()
	action.ID = kernel.NewID()
	facts := engine.Facts{Manager: reader(ctx).May(ManageRight), Nodes: map[string]engine.NodeFact{}}
	for {
		next, effects, err := engine.Apply(form.flow, r.state, action, facts, now)
		var need *engine.NeedFacts
		if errors.As(err, &need) && len(facts.Nodes) <= maxNodes {
			if facts.Nodes[need.Node], err = s.find(ctx, r, form, need.Node, action.Choices); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		r.state = next
		entry := engine.Entry{V: engine.Version, Action: action, Facts: facts, At: now}
		return s.keep(ctx, r, form, entry, effects)
	}
}

// maxNodes is more than any definition has.
const maxNodes = 100
