package agent_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/minio/minio-go/v7"

	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/env"
)

// outage is a company on servers of its own, which keep what they have when they are
// killed, and the ways on which the agent reaches them.
type outage struct {
	*week
	server   *env.Server
	storeDir string
	dataDir  string              // of PostgreSQL
	ways     [2]*toxiproxy.Proxy // to the database, to the store
	front    string              // URL of the store, which may answer 503
	busy     atomic.Int32        // requests that the front refuses yet
	lasts    time.Duration       // a backup that nothing disturbs
	agent    int                 // process group of the agent that runs
	met      int                 // runs that were not over before the trouble began
}

// TestFaultsOnTheWay disturbs a backup and a restore at moments that chance chooses.
// Earlier backups stay whole, whatever is refused may be tried again, the next run ends
// well and is equal; and what was cut off has left all rows or none.
func TestFaultsOnTheWay(t *testing.T) {
	if elsewhere(t) {
		return
	}
	o := newOutage(t)
	order := o.chance.Perm(len(troubles))
	codes := map[int]int{}
	for round := range rounds(t, 5) {
		trouble := troubles[order[round%len(order)]]
		at := time.Now()
		o.day(at)
		o.passed(o.removed)
		want := o.state(1, o.bucket)
		task := o.next(fmt.Sprintf("b%d", round), o.chance.IntN(3) == 0, at)
		codes[o.under(trouble, backup.CommandBackup, task)]++
		earlier := o.done[o.chance.IntN(len(o.done))]
		o.must(backup.CommandVerify, o.backOf(earlier, ""))
		o.again(task)
		// PostgreSQL lets sequences skip when it is killed: they are as before that or after it.
		codes[o.restored(trouble, round, want, o.state(1, o.bucket))]++
	}
	for _, d := range o.done {
		o.must(backup.CommandVerify, o.backOf(d, ""))
	}
	t.Logf("faults on the way: %d backups and as many restores, %d of them disturbed before their end, with these exit codes (-1: killed): %v", len(o.done)-1, o.met, codes)
}

// restored restores the latest backup with trouble on the way, and once more without.
func (o *outage) restored(trouble trouble, round int, want, skipped map[string]string) int {
	o.t.Helper()
	bucket := fmt.Sprintf("%s-%d", o.bucket, round)
	o.makeBucket(bucket)
	if !cmp.Equal(onlyRows(want), onlyRows(skipped)) || !cmp.Equal(objects(want), objects(skipped)) {
		o.t.Errorf("%s while it was backed up changed the company itself", trouble.name)
	}
	before := o.state(2, bucket)
	task := o.backOf(o.done[len(o.done)-1], bucket)
	code := o.under(trouble, backup.CommandRestore, task)
	now := o.state(2, bucket)
	if rows := onlyRows(now); !cmp.Equal(rows, onlyRows(want)) && (code == contract.ExitOK || !cmp.Equal(rows, onlyRows(before))) {
		o.t.Errorf("%s: the restore ended with %d and left half of the rows:\n%s", trouble.name, code, cmp.Diff(onlyRows(before), rows))
	}
	for key, is := range objects(now) {
		if is != want[key] {
			o.t.Errorf("%s: the restore ended with %d and left %s as %s", trouble.name, code, key, is)
		}
	}
	o.must(backup.CommandRestore, task)
	got := o.state(2, bucket)
	if diff := cmp.Diff(want, got); diff != "" && !cmp.Equal(skipped, got) {
		o.t.Errorf("%s: afterwards something else comes back (-was +is):\n%s", trouble.name, diff)
	}
	return code
}

func newOutage(t *testing.T) *outage {
	t.Helper()
	o := &outage{storeDir: smallDisk(t, "1g"), dataDir: smallDisk(t, "1g")}
	c, server := alone(t, o.dataDir, o.storeDir)
	o.server = server
	c.exec(1, oddRows)
	o.week = &week{&life{company: c, chance: choices(t), rows: 9}, map[string]backup.Epoch{}, nil}
	o.ways = [2]*toxiproxy.Proxy{way(t, net.JoinHostPort(c.db.Host, strconv.Itoa(c.db.Port))), way(t, strings.TrimPrefix(c.store.Endpoint, "http://"))}
	o.openFront()
	o.day(time.Now())
	task := o.next("first", true, time.Now())
	began := time.Now()
	if code := o.under(trouble{}, backup.CommandBackup, task); code != contract.ExitOK {
		t.Fatalf("a backup that nothing disturbs ends with %d", code)
	}
	o.lasts = time.Since(began)
	o.took(task)
	return o
}

// alone is a company on servers of its own, which keep what they have in these folders.
func alone(t *testing.T, data, storeData string) (*company, *env.Server) {
	t.Helper()
	companies++
	server, err := env.StartPostgres(data, 0, "secret")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Stop() })
	store, err := env.StartMinIO(storeData, 0, "store-secret")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Stop() })
	db, err := server.CreateDatabase("company", "secret")
	if err != nil {
		t.Fatal(err)
	}
	c := bare(t, db, store)
	c.fill()
	c.makeBucket(c.bucket)
	c.makeBucket(c.backups)
	return c, server
}

// backOf is the task of a restore of one of the backups (without bucket: to read it).
func (o *outage) backOf(d backup.Done, bucket string) backup.Task {
	task := o.back(d.Name, 2, bucket)
	task.Password, task.Epochs = o.keys.Password(d.Generation), o.opened(d)
	return task
}

// again takes a backup as the operator does after an attempt that failed.
func (o *outage) again(task backup.Task) {
	o.t.Helper()
	place := backup.RepositoryOf(task.Generation) + "/"
	if _, err := o.root.StatObject(o.t.Context(), o.backups, place+"config", minio.StatObjectOptions{}); err != nil && task.Full {
		for _, key := range o.keysOf(place) {
			o.remove(key)
		}
	}
	o.must(backup.CommandBackup, task)
	o.took(task)
}

// endLimit bounds a run with trouble on its way.
const endLimit = 3 * time.Minute

// under runs the agent with trouble on its way, for up to a second, and gives its exit
// code: none that says that trying again is of no use.
func (o *outage) under(trouble trouble, command string, task backup.Task) int {
	o.t.Helper()
	cmd := o.process(command, o.reached(task, trouble.front))
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Start(); err != nil {
		o.t.Fatal(err)
	}
	o.agent = cmd.Process.Pid
	ended := make(chan struct{})
	go func() { defer close(ended); _ = cmd.Wait() }()
	limit := time.AfterFunc(endLimit, func() { _ = syscall.Kill(-o.agent, syscall.SIGKILL) })
	defer limit.Stop()
	after := time.Duration(0)
	if trouble.begin != nil {
		after = time.Duration(o.chance.Int64N(int64(o.lasts)))
		if waitFor(ended, after) {
			o.met++
		}
		end := trouble.begin(o)
		waitFor(ended, time.Duration(o.chance.Int64N(int64(time.Second))))
		if err := end(); err != nil {
			o.t.Fatalf("%s does not end: %v", trouble.name, err)
		}
	}
	<-ended
	_ = syscall.Kill(-o.agent, syscall.SIGKILL) // what it started
	o.busy.Store(0)
	code := cmd.ProcessState.ExitCode()
	var last usage
	_ = json.Unmarshal(out.Bytes(), &last)
	o.t.Logf("%s with %s after %s: %d %s", command, trouble.name, after.Round(time.Millisecond), code, last.Message)
	killed := code == -1 && strings.HasSuffix(trouble.name, "agent")
	fails := (code == contract.ExitUnavailable || code == contract.ExitFailure) && last.Message != "" && !strings.Contains(last.Message, "secret") && !strings.Contains(last.Message, task.Password)
	if code != contract.ExitOK && !killed && !fails {
		o.t.Errorf("%s with %s after %s ended with %d and the word %q:\n%s", command, trouble.name, after, code, last.Message, said.String())
	}
	return code
}

// waitFor waits for a process, but not longer, and says whether it still runs.
func waitFor(ended <-chan struct{}, most time.Duration) (runs bool) {
	select {
	case <-ended:
		return false
	case <-time.After(most):
		return true
	}
}

// reached is a task with the ways to the servers in place of them.
func (o *outage) reached(task backup.Task, front bool) backup.Task {
	endpoint := "http://" + o.ways[1].Listen
	if front {
		endpoint = o.front
	}
	if _, port, err := net.SplitHostPort(o.ways[0].Listen); err == nil {
		task.Database.Port, _ = strconv.Atoi(port)
	}
	task.Store.Endpoint = endpoint
	if task.Bucket.Name != "" {
		task.Bucket.Endpoint = endpoint
	}
	return task
}
