package process

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func newTable(t *testing.T) Table {
	t.Helper()
	dir := t.TempDir()
	return Table{Pids: dir, Logs: dir}
}

func ensure(t *testing.T, table Table, spec Spec) bool {
	t.Helper()
	started, err := table.Ensure(spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = table.Stop(spec.Name, 0) })
	return started
}

func TestProgramIsKeptAndStopped(t *testing.T) {
	table := newTable(t)
	spec := Spec{Name: "sleeper", Args: []string{"sleep", "1000"}}
	if !ensure(t, table, spec) {
		t.Error("the first start did not start")
	}
	first, alive := table.Alive("sleeper")
	if !alive {
		t.Fatal("it does not live after its start")
	}
	if ensure(t, table, spec) {
		t.Error("it was started again though it runs")
	}
	if second, _ := table.Alive("sleeper"); second != first {
		t.Errorf("the record changed from %v to %v", first, second)
	}
	if err := table.Stop("sleeper", 10*time.Second); err != nil {
		t.Fatal(err)
	}
	if _, err := startTime(first.Pid); err == nil {
		t.Error("the process lives on")
	}
	if names := table.Names(); len(names) != 0 {
		t.Errorf("pid files of %v are left", names)
	}
}

func TestChangedConfigurationStartsAnew(t *testing.T) {
	table := newTable(t)
	config := filepath.Join(t.TempDir(), "config")
	write := func(content string) {
		if err := os.WriteFile(config, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("one")
	spec := Spec{Name: "sleeper", Args: []string{"sleep", "1000"}, Files: []string{config}}
	ensure(t, table, spec)
	first, _ := table.Alive("sleeper")
	write("two")
	if !ensure(t, table, spec) {
		t.Error("it was not started anew")
	}
	if second, alive := table.Alive("sleeper"); !alive || second.Pid == first.Pid {
		t.Errorf("after the change %v runs, before it %v", second, first)
	}
	if _, err := startTime(first.Pid); err == nil {
		t.Error("the former process lives on")
	}
}

// TestForeignProcessIsNotTouched gives pid files the id of this test: with
// another start time, and with another boot.
func TestForeignProcessIsNotTouched(t *testing.T) {
	start, err := startTime(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for name, record := range map[string]Record{
		"id was used again": {Pid: os.Getpid(), Start: start + 1, Boot: bootID()},
		"machine booted":    {Pid: os.Getpid(), Start: start, Boot: "another"},
	} {
		t.Run(name, func(t *testing.T) {
			table := newTable(t)
			content, err := json.Marshal(record)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(table.pidFile("x"), content, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, alive := table.Alive("x"); alive {
				t.Fatal("it counts as ours")
			}
			// A process that is taken for ours would end here.
			if err := table.Stop("x", time.Second); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestStubbornProgramIsKilled(t *testing.T) {
	table := newTable(t)
	ready := filepath.Join(t.TempDir(), "ready")
	ensure(t, table, Spec{Name: "stubborn", Args: []string{"sh", "-c", "trap '' TERM; touch " + ready + "; while :; do sleep 0.1; done"}})
	for deadline := time.Now().Add(10 * time.Second); ; {
		if _, err := os.Stat(ready); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the program did not get ready")
		}
	}
	record, _ := table.Alive("stubborn")
	if err := table.Stop("stubborn", 50*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if record.alive() {
		t.Error("it lives on")
	}
}

func TestBrokenPidFileIsNoProcess(t *testing.T) {
	table := newTable(t)
	if err := os.WriteFile(table.pidFile("x"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, alive := table.Alive("x"); alive {
		t.Error("a broken pid file names a living process")
	}
}

func TestMissingProgramIsNamed(t *testing.T) {
	table := newTable(t)
	_, err := table.Ensure(Spec{Name: "ghost", Args: []string{"/nowhere/ghost"}})
	if err == nil || !strings.Contains(err.Error(), "start ghost") {
		t.Errorf("said %v", err)
	}
}

func TestLogIsBegunAnewWhenItIsLarge(t *testing.T) {
	table := newTable(t)
	if err := os.WriteFile(table.Log("x"), make([]byte, maxLog+1), 0o600); err != nil {
		t.Fatal(err)
	}
	ensure(t, table, Spec{Name: "x", Args: []string{"sleep", "1000"}})
	if info, err := os.Stat(table.Log("x")); err != nil || info.Size() != 0 {
		t.Errorf("the log has %v bytes, %v", info.Size(), err)
	}
}
