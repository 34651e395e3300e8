package engine_test

import (
	"encoding/json"
	"testing"
	"time"

	"atrium.dev/atrium/tenant-app/internal/approval/engine"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

const smallest = `{"v": 1, "vars": {"days": "number"}, "policy": {"nobody": "pass", "self": "keep", "repeat": "keep"},
	"nodes": [{"id": "b", "kind": "branch", "branches": [{"when": "days > 3", "nodes": []}, {"nodes": [
	{"id": "a", "kind": "approve", "mode": "one", "who": {"by": "head", "level": 1}}]}]}]}`

// Any definition is refused or runs to an end or to somebody who decides.
func FuzzDefinition(f *testing.F) {
	f.Add([]byte(smallest))
	for seed := range uint64(5) {
		raw, err := json.Marshal(newMaker(seed).definition())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var d engine.Definition
		if json.Unmarshal(raw, &d) != nil {
			return
		}
		flow, err := engine.Compile(d)
		if err != nil {
			return
		}
		w := &walk{t: &testing.T{}, m: newMaker(1), flow: flow, holders: map[kernel.ID]int{}, now: time.Unix(0, 0)}
		for range 5 {
			w.step()
		}
		if w.t.Failed() {
			t.Error("a rule is broken")
		}
	})
}

// No condition runs long, calls anything or sees more than its variables.
func FuzzCondition(f *testing.F) {
	for _, seed := range []string{
		"days > 3", `type in ["a", "b"]`, "1..1000000000", "days ** 9 ** 9 ** 9", `all(1..9, true)`, "len(type)", `$env`, "days.x", `type matches "(a+)+b"`,
		"let x = 1; x > 0", "[1,2][0] > 0", "days > 0 ? true : false", "not (days > 1 and days < 2)", `type + type + type == ""`, "nil == days",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, condition string) {
		d := engine.Definition{
			V: 1, Vars: map[string]string{"days": "number", "type": "text"}, Policy: engine.Policy{Nobody: engine.Pass, Self: engine.Keep, Repeat: engine.Keep},
			Nodes: []engine.Node{
				{ID: "b", Kind: engine.Branch, Branches: []engine.Path{{When: condition}, {}}},
				{ID: "a", Kind: engine.Approve, Mode: engine.One, Who: &engine.Who{By: engine.ByManager}},
			},
		}
		flow, err := engine.Compile(d)
		if err != nil {
			return
		}
		start := time.Now()
		_, _ = engine.Ahead(flow, engine.State{Vars: map[string]any{"days": 4.0, "type": "annual"}})
		if time.Since(start) > time.Second {
			t.Errorf("%q takes long", condition)
		}
	})
}
