package agent_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/minio/minio-go/v7"

	"atrium.dev/atrium/internal/agent"
	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/tenant-app/contract"
)

// between puts a proxy before the company's store that does something when the bucket
// is listed for the second time: after the rows' snapshot began.
func (c *company) between(do func()) string {
	c.t.Helper()
	var lists atomic.Int32
	return c.before(func(r *http.Request) {
		if r.URL.Query().Has("versions") && lists.Add(1) == 2 {
			do()
		}
	})
}

// before puts a proxy before the company's store that sees each request first.
func (c *company) before(see func(*http.Request)) string {
	c.t.Helper()
	target, err := url.Parse(c.store.Endpoint)
	if err != nil {
		c.t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // it is signed
	}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		see(r)
		proxy.ServeHTTP(w, r)
	}))
	c.t.Cleanup(server.Close)
	return server.URL
}

// A row of the snapshot may point to an object that is deleted before it is copied,
// also to one that was not there when copying began.
func TestObjectsDeletedDuringABackupAreInIt(t *testing.T) {
	for name, found := range map[string]func(*testing.T) *company{"minio": newCompany, "versitygw": onVersity} {
		t.Run(name, func(t *testing.T) { deletedMeanwhile(t, found(t)) })
	}
}

func deletedMeanwhile(t *testing.T, c *company) {
	drop := func(key string) {
		if err := c.root.RemoveObject(t.Context(), c.bucket, key, minio.RemoveObjectOptions{}); err != nil {
			t.Error(err)
		}
	}
	for _, key := range []string{"files/long-gone", "files/kept", "files/deleted"} {
		c.put(key, "text/plain", []byte(key))
	}
	drop("files/long-gone")
	c.passed(time.Now())
	task := c.task("full", "")
	calls := 0
	task.Bucket.Endpoint = c.between(func() {
		calls++
		c.put("files/brief", "text/plain", []byte("files/brief"))
		drop("files/brief")
		drop("files/deleted")
	})
	c.must(backup.CommandBackup, task)
	c.makeBucket(c.bucket + "-2")
	c.must(backup.CommandRestore, c.back("full", 2, c.bucket+"-2"))
	var names []string
	for key := range c.state(2, c.bucket+"-2") {
		if strings.HasPrefix(key, "object files/") {
			names = append(names, key)
		}
	}
	if calls != 1 || len(names) != 3 || strings.Contains(fmt.Sprint(names), "long-gone") {
		t.Errorf("after %d changes the backup has %q, want brief, deleted and kept", calls, names)
	}
}

// passed waits until the store's clock, in full seconds, is past a moment.
func (c *company) passed(at time.Time) {
	c.t.Helper()
	for {
		answer, err := http.Get(c.store.Endpoint + "/minio/health/live")
		if err != nil {
			c.t.Fatal(err)
		}
		_ = answer.Body.Close()
		if now, err := http.ParseTime(answer.Header.Get("Date")); err != nil || now.After(at) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

const asAgent = "ATRIUM_TEST_AGENT"

// usage is what a run took, as its own process says.
type usage struct {
	Code         int
	Message      string // its last word
	Self, Others int64  // peak resident memory, KiB
}

// beAgent makes the test program the agent, for runs that are killed or measured.
func beAgent(task string, args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	last, code := agent.Run(ctx, agent.Config{TaskDir: task, Restic: args[1], PgDump: args[2], Now: time.Now, Log: slog.New(slog.NewTextHandler(os.Stderr, nil))}, args[0])
	var self, others syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &self)
	_ = syscall.Getrusage(syscall.RUSAGE_CHILDREN, &others)
	_ = json.NewEncoder(os.Stdout).Encode(usage{code, last.Message, self.Maxrss, others.Maxrss})
	return code
}

// process is the agent as a process of its own, in a group with what it starts.
func (c *company) process(command string, task backup.Task) *exec.Cmd {
	c.t.Helper()
	write(c.t, c.config.TaskDir+"/"+backup.TaskFile, task)
	cmd := exec.Command(os.Args[0], command, c.config.Restic, c.config.PgDump)
	cmd.Env = append(os.Environ(), asAgent+"="+c.config.TaskDir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	return cmd
}

// killed runs the agent and kills all of it after a while, unless it ended before.
func (c *company) killed(command string, task backup.Task, way syscall.Signal, after time.Duration) (ended bool, code int) {
	c.t.Helper()
	cmd := c.process(command, task)
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	timer := time.AfterFunc(after, func() { _ = syscall.Kill(-cmd.Process.Pid, way) })
	_ = cmd.Wait()
	ended = timer.Stop()
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	return ended, cmd.ProcessState.ExitCode()
}

// TestKilledRunsGoOn kills the agent at moments that chance chooses. Whatever it left,
// the next run ends well, sends nothing twice, and what it leaves is whole.
func TestKilledRunsGoOn(t *testing.T) {
	chance := choices(t)
	c := newCompany(t)
	c.exec(1, oddRows)
	c.fillBucket()
	want := c.state(1, c.bucket)
	c.makeBucket(c.bucket + "-2")
	before := c.state(2, c.bucket+"-2")

	began := time.Now()
	if ended, code := c.killed(backup.CommandBackup, c.task("trial", ""), syscall.SIGKILL, time.Hour); !ended || code != 0 {
		t.Fatalf("the trial ended with %d", code)
	}
	took := time.Since(began)
	for round := range rounds(t, 2) {
		name := fmt.Sprintf("b%d", round)
		task := c.task(name, "")
		task.Generation, task.Password = name, c.keys.Password(name)
		task.Epoch.ID = "e" + name
		way := []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM}[round%2]
		after := time.Duration(chance.Int64N(int64(took)))
		if ended, code := c.killed(backup.CommandBackup, task, way, after); !ended && way == syscall.SIGTERM && code != contract.ExitUnavailable && code != 0 && code != -1 {
			t.Errorf("asked to end after %s it ended with %d", after, code)
		}
		c.must(backup.CommandBackup, task)
		versions := map[string]int{}
		for o := range c.root.ListObjectsIter(t.Context(), c.backups, minio.ListObjectsOptions{Prefix: backup.ObjectsOf(task.Epoch.ID), WithVersions: true}) {
			if versions[o.Key]++; versions[o.Key] > 1 {
				t.Errorf("killed after %s, an object was sent twice", after)
			}
		}
		back := c.back(name, 2, c.bucket+"-2")
		back.Password, back.Epochs = task.Password, []backup.Epoch{{ID: task.Epoch.ID, Identity: c.epoch.Identity}}
		if ended, _ := c.killed(backup.CommandRestore, back, syscall.SIGKILL, time.Duration(chance.Int64N(int64(took)))); !ended {
			now := c.state(2, c.bucket+"-2")
			if !cmp.Equal(tables(now), tables(before)) && !cmp.Equal(tables(now), tables(want)) {
				t.Errorf("a restore that was killed left half of the rows: %s", cmp.Diff(tables(before), tables(now)))
			}
		}
		c.must(backup.CommandRestore, back)
		if diff := cmp.Diff(want, c.state(2, c.bucket+"-2")); diff != "" {
			t.Errorf("after a kill something else comes back (-was +is):\n%s", diff)
		}
	}
}

// tables leaves objects out of a state.
func tables(state map[string]string) map[string]string {
	found := map[string]string{}
	for key, value := range state {
		if !strings.HasPrefix(key, "object ") {
			found[key] = value
		}
	}
	return found
}

// TestMemoryStaysSmall backs up and restores far more than the agent may hold.
func TestMemoryStaysSmall(t *testing.T) {
	const limit = 200 << 10 // KiB, with restic beside it: what the Job gets
	c := newCompany(t)
	content := make([]byte, 40<<20)
	for i := range 5 {
		for j := range content {
			content[j] = byte(j>>i ^ j)
		}
		c.put(fmt.Sprintf("files/%d", i), "application/octet-stream", content)
	}
	c.exec(1, `INSERT INTO seeded SELECT n + 10, repeat(md5(n::text), 30) FROM generate_series(1, 50000) n`)
	c.makeBucket(c.bucket + "-2")
	for _, run := range []struct {
		command string
		task    backup.Task
	}{{backup.CommandBackup, c.task("full", "")}, {backup.CommandRestore, c.back("full", 2, c.bucket+"-2")}} {
		out, err := c.process(run.command, run.task).Output()
		var took usage
		if err != nil || json.Unmarshal(out, &took) != nil || took.Code != 0 {
			t.Fatalf("%s: %v: %s", run.command, err, out)
		}
		t.Logf("%s: the agent held %d MiB, the largest program that it started %d MiB", run.command, took.Self>>10, took.Others>>10)
		if took.Self+took.Others > limit {
			t.Errorf("%s: %d and %d KiB are more than %d together", run.command, took.Self, took.Others, limit)
		}
	}
}
