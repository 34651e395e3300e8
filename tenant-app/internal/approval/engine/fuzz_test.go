package engine_test

import (
	"encoding/json"
	"strings"
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

// A condition is refused, or always decides, whatever the variables hold, and each time
// the same; none runs long.
func FuzzCondition(f *testing.F) {
	for _, seed := range []string{
		"days > 3", `type in ["a", "b"]`, "1..1000000000", "days ** 9 ** 9 ** 9", `all(1..9, true)`, "len(type)", `$env`, "days.x", `type matches "(a+)+b"`,
		"let x = 1; x > 0", "[1,2][0] > 0", "days > 0 ? true : false", "not (days > 1 and days < 2)", `type + type + type == ""`, "nil == days",
		`1/0 > days`, `type in [type, days]`, `-type == ""`, `days in [1, "a"]`, `[1] == [days]`, `"a" + type > type`, `not not (days == days)`, `type < days`, `[] == []`, `days in type`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, condition string) {
		d := engine.Definition{
			V: 1, Vars: map[string]string{"days": "number", "type": "text"}, Policy: engine.Policy{Nobody: engine.Pass, Self: engine.Keep, Repeat: engine.Keep},
			Nodes: []engine.Node{
				{ID: "b", Kind: engine.Branch, Branches: []engine.Path{{When: condition, Nodes: []engine.Node{
					{ID: "c", Kind: engine.Approve, Mode: engine.One, Who: &engine.Who{By: engine.ByManager}},
				}}, {}}},
				{ID: "a", Kind: engine.Approve, Mode: engine.One, Who: &engine.Who{By: engine.ByManager}},
			},
		}
		flow, err := engine.Compile(d)
		if err != nil {
			return
		}
		start := time.Now()
		for _, vars := range []map[string]any{
			{"days": 4.0, "type": "annual"}, {}, {"days": 0.0, "type": ""}, {"days": -1e308, "type": strings.Repeat("长", 200)}, {"days": "4", "type": 1.0},
		} {
			first, err := engine.Ahead(flow, engine.State{Vars: vars})
			second, again := engine.Ahead(flow, engine.State{Vars: vars})
			if err != nil || again != nil || len(first) != len(second) {
				t.Fatalf("%q of %v decides %d nodes (%v), then %d (%v)", condition, vars, len(first), err, len(second), again)
			}
		}
		if time.Since(start) > time.Second {
			t.Errorf("%q takes long", condition)
		}
	})
}
