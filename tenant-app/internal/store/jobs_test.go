package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
	"atrium.dev/atrium/tenant-app/internal/store/storetest"
)

// queue is a company's database with a clock and settings that can be turned.
type queue struct {
	t  *testing.T
	db *store.DB

	mu       sync.Mutex
	now      time.Time
	settings contract.Settings
	reads    int // of the settings
}

func newQueue(t *testing.T) *queue {
	t.Helper()
	return &queue{
		t: t, db: storetest.Open(t), now: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC),
		settings: contract.Settings{Outbound: true, DataEpoch: 1},
	}
}

func (q *queue) clock() time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.now
}

func (q *queue) settingsRead() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.reads
}

func (q *queue) change(change func(*contract.Settings)) {
	q.mu.Lock()
	defer q.mu.Unlock()
	change(&q.settings)
}

// pass turns the clock on.
func (q *queue) pass(d time.Duration, workers ...*store.Jobs) {
	q.mu.Lock()
	q.now = q.now.Add(d)
	q.mu.Unlock()
	for _, w := range workers {
		w.Wake()
	}
}

// jobs makes the queue of one more replica.
func (q *queue) jobs() *store.Jobs {
	return store.NewJobs(q.db, q.clock, func() contract.Settings {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.reads++
		return q.settings
	}, quiet)
}

// run works until the test ends or stop is called.
func (q *queue) run(j *store.Jobs) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(q.t.Context()))
	rested := make(chan struct{})
	go func() {
		defer close(rested)
		j.Run(ctx)
	}()
	var once sync.Once
	stop = func() { once.Do(func() { cancel(); <-rested }) }
	q.t.Cleanup(stop)
	return stop
}

func (q *queue) add(j *store.Jobs, job store.Job) {
	q.t.Helper()
	if err := j.Add(q.t.Context(), job); err != nil {
		q.t.Fatal(err)
	}
}

// rows are the jobs that somebody added, as "kind attempts", with "dead" if given up.
func (q *queue) rows() string {
	q.t.Helper()
	var rows []string
	err := q.db.Q(q.t.Context()).NewRaw(`SELECT kind || ' ' || attempts || CASE WHEN dead_at IS NOT NULL THEN ' dead' WHEN leased_until IS NOT NULL THEN ' leased' ELSE '' END
		FROM job WHERE key IS DISTINCT FROM 'every' ORDER BY 1`).Scan(q.t.Context(), &rows)
	if err != nil {
		q.t.Fatal(err)
	}
	return strings.Join(rows, ", ")
}

func (q *queue) exec(statement string, args ...any) {
	q.t.Helper()
	if _, err := q.db.Q(q.t.Context()).NewRaw(statement, args...).Exec(q.t.Context()); err != nil {
		q.t.Fatal(err)
	}
}

func (q *queue) until(what string, ok func() bool) {
	q.t.Helper()
	for limit := time.Now().Add(30 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			q.t.Fatalf("waited too long until %s; jobs: %s", what, q.rows())
		}
	}
}

func (q *queue) empty() {
	q.t.Helper()
	q.until("no job is left", func() bool { return q.rows() == "" })
}

// wait lets the program end although a test failed meanwhile.
func wait(ctx context.Context, end <-chan struct{}) error {
	select {
	case <-end:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// seen collects what handlers got.
type seen struct {
	mu   sync.Mutex
	list []string
}

func (s *seen) handle(_ context.Context, payload json.RawMessage) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, string(payload))
	return nil
}

func (s *seen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.list, " ")
}

func TestAJobIsDoneOnceItsTransactionIsCommitted(t *testing.T) {
	q := newQueue(t)
	j, did := q.jobs(), &seen{}
	j.Handle("greet", 1, did.handle)
	q.run(j)
	boom := errors.New("boom")
	err := q.db.InTx(t.Context(), func(ctx context.Context) error {
		if err := j.Add(ctx, store.Job{Kind: "greet", Version: 1, Payload: "rolled back"}); err != nil {
			return err
		}
		return boom
	})
	if !errors.Is(err, boom) {
		t.Fatal(err)
	}
	q.add(j, store.Job{Kind: "greet", Version: 1, Payload: "张\x00三"})
	q.empty()
	if got := did.String(); got != `"张\u0000三"` {
		t.Errorf("done: %s", got)
	}
}

// Several replicas share the work: each job is done by one of them.
func TestManyWorkersDoEachJobOnce(t *testing.T) {
	q := newQueue(t)
	const jobs = 200
	var counts [jobs]atomic.Int32
	var first *store.Jobs
	for range 3 {
		j := q.jobs()
		first = j
		j.Handle("count", 1, func(_ context.Context, payload json.RawMessage) error {
			var n int
			if err := json.Unmarshal(payload, &n); err != nil {
				return err
			}
			counts[n].Add(1)
			return nil
		})
		q.run(j)
	}
	for n := range jobs {
		q.add(first, store.Job{Kind: "count", Version: 1, Payload: n})
	}
	q.empty()
	for n := range counts {
		if got := counts[n].Load(); got != 1 {
			t.Errorf("job %d was done %d times", n, got)
		}
	}
}

// While one worker leases a job another one does the next, and leaves that one to it.
func TestAJobThatAnotherLeasesIsLeftToIt(t *testing.T) {
	q := newQueue(t)
	j := q.jobs()
	done := make(chan int, 3)
	j.Handle("count", 1, func(_ context.Context, payload json.RawMessage) error {
		var n int
		defer func() { done <- n }()
		return json.Unmarshal(payload, &n)
	})
	next := func(want int) {
		t.Helper()
		select {
		case n := <-done:
			if n != want {
				t.Errorf("job %d was done, want %d", n, want)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("nothing was done; jobs: %s", q.rows())
		}
	}
	q.add(j, store.Job{Kind: "count", Version: 1, Payload: 1})
	q.add(j, store.Job{Kind: "count", Version: 1, Payload: 2})
	err := q.db.InTx(t.Context(), func(ctx context.Context) error {
		_, err := q.db.Q(ctx).NewRaw("UPDATE job SET leased_until = ? WHERE kind = 'count' AND payload::text = '1'", q.clock().Add(time.Minute)).Exec(ctx)
		q.run(j)
		next(2)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	q.add(j, store.Job{Kind: "count", Version: 1, Payload: 3})
	next(3)
}

func TestAFailedJobComesBackAndIsGivenUpInTheEnd(t *testing.T) {
	q := newQueue(t)
	j := q.jobs()
	var tries atomic.Int32
	j.Handle("mail", 1, func(context.Context, json.RawMessage) error {
		if tries.Add(1) == 2 {
			panic("nil pointer")
		}
		return errors.New("the server is away: \x00\xff")
	})
	q.run(j)
	q.add(j, store.Job{Kind: "mail", Version: 1, Key: "k"})
	q.until("the first try failed", func() bool { return q.rows() == "mail 1" && tries.Load() == 1 })
	due, err := j.NextDue(t.Context())
	if pause := due.Sub(q.clock()); err != nil || pause < time.Second || pause > 4*time.Second {
		t.Errorf("the second try is planned in %s, %v", pause, err)
	}
	q.pass(4*time.Second, j)
	q.until("the second try failed", func() bool { return q.rows() == "mail 2" && tries.Load() == 2 })
	q.exec("UPDATE job SET attempts = ? WHERE kind = 'mail'", store.MaxTries-1)
	q.pass(time.Hour, j)
	q.until("the job is given up", func() bool { return q.rows() == fmt.Sprintf("mail %d dead", store.MaxTries) })
	// Its key is free again.
	q.add(j, store.Job{Kind: "mail", Version: 1, Key: "k", At: q.clock().Add(time.Hour)})
	if got, want := q.rows(), fmt.Sprintf("mail 0, mail %d dead", store.MaxTries); got != want {
		t.Errorf("jobs: %s, want %s", got, want)
	}
}

func TestAKeyIsUniqueAmongTheUnfinished(t *testing.T) {
	q := newQueue(t)
	j, did := q.jobs(), &seen{}
	j.Handle("remind", 1, did.handle)
	for i, at := range []time.Duration{time.Hour, time.Minute, 2 * time.Hour} {
		q.add(j, store.Job{Kind: "remind", Version: 1, Key: "leave", Payload: i, At: q.clock().Add(at)})
	}
	q.add(j, store.Job{Kind: "remind", Version: 1, Key: "other", At: q.clock().Add(time.Minute)})
	if err := j.Remove(t.Context(), "remind", "other"); err != nil {
		t.Fatal(err)
	}
	if got := q.rows(); got != "remind 0" {
		t.Fatalf("jobs: %s", got)
	}
	q.run(j)
	q.pass(time.Minute, j) // the earliest of the three times
	q.empty()
	if got := did.String(); got != "2" {
		t.Errorf("done with %s, want the newest payload once", got)
	}
}

// What is added while its job is being done is not lost, and the two are not done at
// the same time.
func TestAJobAddedWhileItIsDoneIsDoneAgain(t *testing.T) {
	q := newQueue(t)
	j, did := q.jobs(), &seen{}
	begun, end := make(chan struct{}), make(chan struct{})
	var together atomic.Int32
	j.Handle("index", 1, func(ctx context.Context, payload json.RawMessage) error {
		if together.Add(1) > 1 {
			t.Error("done twice at once")
		}
		defer together.Add(-1)
		if string(payload) == `"old"` {
			begun <- struct{}{}
			if err := wait(ctx, end); err != nil {
				return err
			}
		}
		return did.handle(ctx, payload)
	})
	q.run(j)
	q.add(j, store.Job{Kind: "index", Version: 1, Key: "room", Payload: "old"})
	<-begun
	for _, payload := range []string{"newer", "newest"} {
		q.add(j, store.Job{Kind: "index", Version: 1, Key: "room", Payload: payload})
	}
	close(end)
	q.empty()
	if got := did.String(); got != `"old" "newest"` {
		t.Errorf("done: %s", got)
	}
}

// A rollout has two releases on one queue: the older leaves what it does not know.
func TestUnknownKindsAndVersionsAreLeft(t *testing.T) {
	q := newQueue(t)
	older, newer, did, didNew := q.jobs(), q.jobs(), &seen{}, &seen{}
	older.Handle("known", 1, did.handle)
	newer.Handle("known", 2, didNew.handle)
	newer.Handle("added", 1, didNew.handle)
	q.run(older)
	q.add(newer, store.Job{Kind: "known", Version: 2, Payload: 2})
	q.add(newer, store.Job{Kind: "added", Version: 1, Payload: 3})
	q.add(older, store.Job{Kind: "known", Version: 1, Payload: 1})
	q.until("the older did what it knows", func() bool { return q.rows() == "added 0, known 0" })
	if due, err := older.NextDue(t.Context()); err != nil || !due.IsZero() {
		t.Errorf("the older would be woken at %s, %v", due, err)
	}
	stop := q.run(newer)
	q.empty()
	if did.String() != "1" || (didNew.String() != "2 3" && didNew.String() != "3 2") {
		t.Errorf("the older did %s, the newer %s", did, didNew)
	}
	stop()
	// What the older adds, the newer understands.
	older2 := q.jobs()
	q.run(newer)
	q.add(older2, store.Job{Kind: "known", Version: 1, Payload: 4})
	newer.Wake()
	q.until("a former version is done", func() bool { return q.rows() == "" })
}

// A worker that was killed holds its jobs no longer than a lease.
func TestALeaseEnds(t *testing.T) {
	q := newQueue(t)
	j, did := q.jobs(), &seen{}
	j.Handle("send", 1, did.handle)
	q.add(j, store.Job{Kind: "send", Version: 1, Payload: 1})
	q.exec("UPDATE job SET leased_until = ?, attempts = 1", q.clock().Add(store.LeaseTime))
	q.run(j)
	q.add(j, store.Job{Kind: "send", Version: 1, Payload: 2})
	q.until("the free one is done", func() bool { return q.rows() == "send 1 leased" })
	end := q.clock().Add(store.LeaseTime)
	q.pass(time.Minute, j) // housekeeping's first time
	q.until("the next look is when the lease ends", func() bool { return j.Planned().Equal(end) })
	q.pass(end.Sub(q.clock()), j)
	q.empty()
	if got := did.String(); got != "2 1" {
		t.Errorf("done: %s", got)
	}
}

func TestPausedCompaniesDoNothing(t *testing.T) {
	q := newQueue(t)
	q.change(func(s *contract.Settings) { s.Outbound = false })
	j, did := q.jobs(), &seen{}
	j.Handle("send", 1, did.handle)
	q.add(j, store.Job{Kind: "send", Version: 1})
	added := q.settingsRead()
	statements := q.db.CountStatements()
	stop := q.run(j)
	q.until("it has looked at the settings", func() bool { return q.settingsRead() > added })
	if due, err := j.NextDue(t.Context()); err != nil || !due.IsZero() {
		t.Errorf("a paused company would be woken at %s, %v", due, err)
	}
	stop()
	if n := statements.Load(); n != 0 {
		t.Errorf("paused, it made %d statements", n)
	}
	q.change(func(s *contract.Settings) { s.Outbound = true })
	q.run(j)
	q.empty()
}

func TestNextDueLeavesHousekeepingOut(t *testing.T) {
	q := newQueue(t)
	j := q.jobs()
	j.Handle("remind", 1, func(context.Context, json.RawMessage) error { return nil })
	stop := q.run(j)
	q.until("housekeeping is planned", func() bool { return !j.Planned().IsZero() })
	stop()
	if due, err := j.NextDue(t.Context()); err != nil || !due.IsZero() {
		t.Errorf("with housekeeping alone: %s, %v", due, err)
	}
	at := q.clock().Add(26 * time.Hour)
	q.add(j, store.Job{Kind: "remind", Version: 1, At: at.Add(time.Second)})
	q.add(j, store.Job{Kind: "remind", Version: 1, At: at})
	if due, err := j.NextDue(t.Context()); err != nil || !due.Equal(at) {
		t.Errorf("next due %s, %v; want %s", due, err, at)
	}
}

// After a restore a mail that was due before may have been sent already; what stays
// inside of the company is done: the restored data lack it.
func TestARestoreGivesUpWhatMayHaveGoneOut(t *testing.T) {
	q := newQueue(t)
	j, sent, indexed := q.jobs(), &seen{}, &seen{}
	j.HandleOutgoing("mail", 1, sent.handle)
	j.Handle("index", 1, indexed.handle)
	for _, at := range []time.Duration{-time.Hour, time.Hour} {
		for _, kind := range []string{"mail", "index"} {
			q.add(j, store.Job{Kind: kind, Version: 1, Payload: at.Hours(), At: q.clock().Add(at)})
		}
	}
	q.exec("UPDATE job SET leased_until = ? WHERE kind = 'index' AND run_at < ?", q.clock().Add(store.LeaseTime), q.clock())
	q.change(func(s *contract.Settings) { s.DataEpoch = 2 })
	q.run(j)
	q.until("what was due inside is done", func() bool { return q.rows() == "index 0, mail 0, mail 0 dead" })
	q.pass(time.Hour, j)
	q.until("later ones are done", func() bool { return q.rows() == "mail 0 dead" })
	if sent.String() != "1" || indexed.String() != "-1 1" {
		t.Errorf("sent %s, indexed %s", sent, indexed)
	}
}

// A thousand idle companies share one server.
func TestAnIdleCompanyMakesHardlyAnyStatement(t *testing.T) {
	q := newQueue(t)
	j, did := q.jobs(), &seen{}
	j.Handle("greet", 1, did.handle)
	q.run(j)
	q.until("housekeeping is planned", func() bool { return j.Planned().After(q.clock()) })
	q.pass(time.Minute, j)
	idle := func() bool {
		pause := j.Planned().Sub(q.clock())
		return pause >= store.SlowPoll && pause < 2*store.SlowPoll
	}
	q.until("it sleeps", idle)
	statements := q.db.CountStatements()
	q.add(j, store.Job{Kind: "greet", Version: 1})
	q.until("the job is done", func() bool { return did.String() != "" })
	q.until("it sleeps again", idle)
	q.add(j, store.Job{Kind: "greet", Version: 1, At: q.clock().Add(24 * time.Hour)})
	if n := statements.Load(); n > 8 {
		t.Errorf("two jobs cost %d statements", n)
	}
}

func TestHousekeepingComesBackOncePerPeriod(t *testing.T) {
	q := newQueue(t)
	var times atomic.Int32
	var workers []*store.Jobs
	for range 3 {
		j := q.jobs()
		j.Every("sweep", time.Hour, func(context.Context) error { times.Add(1); return errors.New("always fails") })
		q.run(j)
		workers = append(workers, j)
	}
	for want := int32(1); want <= 3; want++ {
		q.until("all sleep", func() bool {
			for _, w := range workers {
				if !w.Planned().After(q.clock()) {
					return false
				}
			}
			return true
		})
		q.pass(64*time.Minute, workers...)
		q.until("it is done once more", func() bool { return times.Load() == want })
		q.until("it is planned", func() bool {
			var n int
			err := q.db.Q(t.Context()).NewRaw("SELECT count(*) FROM job WHERE kind = 'sweep' AND leased_until IS NULL AND run_at > ?", q.clock()).Scan(t.Context(), &n)
			return err == nil && n == 1
		})
	}
}

// A mail server that hangs stops no other kind of work.
func TestAKindThatHangsLeavesRoomForOthers(t *testing.T) {
	q := newQueue(t)
	j, did := q.jobs(), &seen{}
	end := make(chan struct{})
	j.Handle("hangs", 1, func(ctx context.Context, _ json.RawMessage) error { return wait(ctx, end) })
	j.Handle("quick", 1, did.handle)
	for range 3 * store.JobSlots {
		q.add(j, store.Job{Kind: "hangs", Version: 1})
	}
	q.run(j)
	q.add(j, store.Job{Kind: "quick", Version: 1, Payload: 1})
	q.until("the other is done", func() bool { return did.String() == "1" })
	close(end)
	q.empty()
}

func TestRunEndsWithTheJobsThatRun(t *testing.T) {
	q := newQueue(t)
	j := q.jobs()
	begun, end := make(chan struct{}), make(chan struct{})
	j.Handle("long", 1, func(ctx context.Context, _ json.RawMessage) error { close(begun); return wait(ctx, end) })
	stop := q.run(j)
	q.add(j, store.Job{Kind: "long", Version: 1})
	<-begun
	ended := make(chan struct{})
	go func() { stop(); close(ended) }()
	close(end)
	<-ended
	if got := q.rows(); got != "" {
		t.Errorf("after Run there are jobs: %s", got)
	}
}

func TestEventsReachEachConsumer(t *testing.T) {
	q := newQueue(t)
	j := q.jobs()
	ref := kernel.NewID()
	var got seen
	consumer := func(name string, fails *atomic.Bool) func(context.Context, store.Event) error {
		return func(ctx context.Context, e store.Event) error {
			var text string
			if err := e.Decode(&text); err != nil {
				return err
			}
			if fails != nil && fails.Swap(false) {
				return errors.New("not yet")
			}
			if e.Kind != "chat.posted" || e.Version != 1 || e.Ref != ref {
				t.Errorf("%s got %+v", name, e)
			}
			return got.handle(ctx, json.RawMessage(name+":"+text))
		}
	}
	var failing atomic.Bool
	failing.Store(true)
	j.On("chat.posted", "search", 1, consumer("search", nil))
	j.On("chat.posted", "notify", 2, consumer("notify", &failing))
	q.run(j)
	boom := errors.New("boom")
	for _, result := range []error{boom, nil} {
		err := q.db.InTx(t.Context(), func(ctx context.Context) error {
			for _, kind := range []string{"chat.posted", "nobody.listens"} {
				if err := j.Emit(ctx, store.Event{Kind: kind, Version: 1, Ref: ref, Payload: "你好"}); err != nil {
					return err
				}
			}
			return result
		})
		if !errors.Is(err, result) {
			t.Fatal(err)
		}
	}
	q.until("one consumer is done and the other waits", func() bool { return q.rows() == "chat.posted/notify 1" })
	q.pass(time.Minute, j)
	q.empty()
	if got.String() != "search:你好 notify:你好" {
		t.Errorf("consumers got %s", &got)
	}
}
