// Package process starts the long-running programs of the cluster, remembers
// them in pid files and stops exactly those: a process counts as ours only if
// its id, its start time and the boot of the machine are the recorded ones.
package process

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Spec is a program to keep running.
type Spec struct {
	Name  string
	Args  []string
	Env   []string // added to the environment of this process
	Files []string // configuration: when their content changes the program is started anew
}

// Record is the content of a pid file.
type Record struct {
	Pid      int    `json:"pid"`
	Start    uint64 `json:"start"` // clock ticks from boot to the start of the process
	Boot     string `json:"boot"`  // identity of the boot that Start counts from
	Identity string `json:"identity"`
}

// Table is a folder of pid files and one of logs.
type Table struct{ Pids, Logs string }

// maxLog is the size in bytes from which a log is begun anew at a start.
const maxLog = 32 << 20

// Ensure starts a program unless it runs already with the same command line and
// configuration; it says whether it did.
func (t Table) Ensure(spec Spec) (bool, error) {
	identity, err := spec.identity()
	if err != nil {
		return false, err
	}
	if record, alive := t.Alive(spec.Name); alive {
		if record.Identity == identity {
			return false, nil
		}
		if err := t.Stop(spec.Name, 10*time.Second); err != nil {
			return false, err
		}
	}
	return true, t.start(spec, identity)
}

func (t Table) start(spec Spec, identity string) error {
	log, err := t.openLog(spec.Name)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command(spec.Args[0], spec.Args[1:]...)
	cmd.Env = append(os.Environ(), spec.Env...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", spec.Name, err)
	}
	record := Record{Pid: cmd.Process.Pid, Boot: bootID(), Identity: identity}
	// A zombie would look alive for as long as this program runs.
	go func() { _ = cmd.Wait() }()
	if record.Start, err = startTime(record.Pid); err != nil {
		return fmt.Errorf("%s ended as soon as it was started; its log: %s", spec.Name, log.Name())
	}
	content, err := json.Marshal(record)
	if err != nil {
		return err
	}
	return os.WriteFile(t.pidFile(spec.Name), content, 0o644)
}

func (t Table) openLog(name string) (*os.File, error) {
	path := t.Log(name)
	flags := os.O_CREATE | os.O_WRONLY | os.O_APPEND
	if info, err := os.Stat(path); err == nil && info.Size() > maxLog {
		flags |= os.O_TRUNC
	}
	return os.OpenFile(path, flags, 0o640)
}

// Log is the path of a program's log.
func (t Table) Log(name string) string { return filepath.Join(t.Logs, name+".log") }

func (t Table) pidFile(name string) string { return filepath.Join(t.Pids, name+".json") }

// Alive returns the record of a program that this tool started and that runs.
func (t Table) Alive(name string) (Record, bool) {
	var record Record
	content, err := os.ReadFile(t.pidFile(name))
	if err != nil || json.Unmarshal(content, &record) != nil {
		return Record{}, false
	}
	return record, record.alive()
}

func (r Record) alive() bool {
	start, err := startTime(r.Pid)
	return err == nil && start == r.Start && r.Boot == bootID()
}

// Names lists the programs that have a pid file, alive or not.
func (t Table) Names() []string {
	files, _ := filepath.Glob(filepath.Join(t.Pids, "*.json"))
	names := make([]string, len(files))
	for i, file := range files {
		names[i] = strings.TrimSuffix(filepath.Base(file), ".json")
	}
	return names
}

// Stop ends a program: politely first, by force when the grace is over. A
// program that does not run is no error.
func (t Table) Stop(name string, grace time.Duration) error {
	record, alive := t.Alive(name)
	if alive {
		_ = syscall.Kill(record.Pid, syscall.SIGTERM)
		if !waitGone(record, grace) {
			_ = syscall.Kill(record.Pid, syscall.SIGKILL)
			if !waitGone(record, 10*time.Second) {
				return fmt.Errorf("%s (process %d) does not end, not even by kill -9: see /proc/%d/stack", name, record.Pid, record.Pid)
			}
		}
	}
	if err := os.Remove(t.pidFile(name)); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

func waitGone(record Record, limit time.Duration) bool {
	for deadline := time.Now().Add(limit); record.alive(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}

// identity is a hash over all that makes a restart necessary.
func (s Spec) identity() (string, error) {
	sum := sha256.New()
	for _, list := range [][]string{s.Args, s.Env} {
		_, _ = fmt.Fprintf(sum, "%d %q\n", len(list), list)
	}
	for _, file := range s.Files {
		content, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("read the configuration of %s: %w", s.Name, err)
		}
		_, _ = fmt.Fprintf(sum, "%s %d\n%s", file, len(content), content)
	}
	return hex.EncodeToString(sum.Sum(nil))[:16], nil
}

// startTime is the start of a living process in clock ticks after boot; a
// process that ended and waits for its parent is an error.
func startTime(pid int) (uint64, error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The name in brackets may hold spaces and brackets itself.
	end := bytes.LastIndexByte(content, ')')
	fields := strings.Fields(string(content[end+1:]))
	if end < 0 || len(fields) < 20 {
		return 0, fmt.Errorf("/proc/%d/stat is not as expected", pid)
	}
	if state := fields[0]; state == "Z" || state == "X" {
		return 0, fmt.Errorf("process %d has ended", pid)
	}
	return strconv.ParseUint(fields[19], 10, 64)
}

func bootID() string {
	id, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(id))
}
