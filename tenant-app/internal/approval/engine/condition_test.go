package engine_test

import (
	"testing"

	"atrium.dev/atrium/tenant-app/internal/approval/engine"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

func branching(condition string) engine.Definition {
	ask := func(id string) []engine.Node {
		return []engine.Node{{ID: id, Kind: engine.Approve, Mode: engine.One, Who: &engine.Who{By: engine.ByManager}}}
	}
	return engine.Definition{
		V: 1, Vars: map[string]string{"days": "number", "type": "text", "abroad": "bool"},
		Policy: engine.Policy{Nobody: engine.Pass, Self: engine.Keep, Repeat: engine.Keep},
		Nodes:  []engine.Node{{ID: "b", Kind: engine.Branch, Branches: []engine.Path{{When: condition, Nodes: ask("yes")}, {Nodes: ask("no")}}}},
	}
}

func TestConditionsCompareVariables(t *testing.T) {
	vars := map[string]any{"days": 3.5, "type": "sick", "abroad": true}
	for condition, want := range map[string]string{
		"days > 3": "yes", "days > 3.5": "no", "days >= 3.5 and abroad": "yes", `type in ["annual", "sick"]`: "yes",
		`not (type == "sick")`: "no", "days * 2 == 7": "yes", `type == "other" or not abroad`: "no",
	} {
		flow, err := engine.Compile(branching(condition))
		if err != nil {
			t.Errorf("%s: %v", condition, err)
			continue
		}
		ahead, err := engine.Ahead(flow, engine.State{Vars: vars})
		if err != nil || len(ahead) != 1 || ahead[0].ID != want {
			t.Errorf("%s leads to %v, %v", condition, ahead, err)
		}
	}
}

// What is missing, or of another type than declared, counts as empty.
func TestConditionsBearWrongVariables(t *testing.T) {
	flow, err := engine.Compile(branching(`days > 3 or type == "x" or abroad`))
	if err != nil {
		t.Fatal(err)
	}
	for _, vars := range []map[string]any{nil, {"days": "9", "type": 1.0, "abroad": "true"}, {"days": nil}} {
		if ahead, err := engine.Ahead(flow, engine.State{Vars: vars}); err != nil || ahead[0].ID != "no" {
			t.Errorf("%v leads to %v, %v", vars, ahead, err)
		}
	}
}

func TestConditionsCannotDoMore(t *testing.T) {
	for _, condition := range []string{
		"true == len(type)", "1..9 == 1..9", "all(1..9, # > 0)", `type matches "a"`, "unknown > 1", "days", "let x = 1; x > 0", "$env == 1",
		"days ** 2 > 1", "days ?? 1 > 0", "days > 0 ? true : false", `{"a": 1} == 1`, "type.x == 1", "[1][0] == 1", "now() > 1", `"" contains type`, "",
	} {
		if _, err := engine.Compile(branching(condition)); err == nil {
			t.Errorf("%q was taken", condition)
		}
	}
}

func who(n byte) kernel.ID { return kernel.ID{15: n} }
