package engine_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"atrium.dev/atrium/tenant-app/internal/approval/engine"
)

var record = flag.Bool("record", false, "add golden logs of these rules; those of a version that was released are never written anew")

// golden is an approval as some release has left it.
type golden struct {
	Definition engine.Definition `json:"definition"`
	Log        []engine.Entry    `json:"log"`
	State      json.RawMessage   `json:"state"`
}

const goldenLogs = 12

// Logs of every version of the rules that was released give the states of then.
func TestGoldenLogsReplay(t *testing.T) {
	if *record {
		for seed := range uint64(goldenLogs) {
			recordGolden(t, seed)
		}
	}
	files, err := filepath.Glob("testdata/golden/*.json")
	if err != nil || len(files) < goldenLogs*engine.Version {
		t.Fatalf("%d golden logs, %v", len(files), err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var g golden
		if err := json.Unmarshal(raw, &g); err != nil {
			t.Fatal(err)
		}
		flow, err := engine.Compile(g.Definition)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		state, err := engine.Replay(flow, g.Log)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		got, _ := json.Marshal(state)
		var want bytes.Buffer
		if err := json.Compact(&want, g.State); err != nil {
			t.Fatal(err)
		}
		if string(got) != want.String() {
			t.Errorf("%s gives\n%s\nwant\n%s", file, got, want.String())
		}
	}
}

func recordGolden(t *testing.T, seed uint64) {
	w := newWalk(t, newMaker(seed))
	for range 40 {
		w.step()
	}
	state, err := json.Marshal(w.state)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(golden{w.flow.Definition(), w.log, state})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll("testdata/golden", 0o755); err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("testdata/golden/v%d-%02d.json", engine.Version, seed)
	if err := os.WriteFile(name, append(raw, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}
