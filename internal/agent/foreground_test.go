//go:build soak

package agent_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/env/app"
)

// desk is a company's app at which people of it work.
type desk struct {
	t       *testing.T
	app     *app.App
	cookies []string
	people  []uuid.UUID
	room    uuid.UUID
	client  *http.Client
}

// TestForegroundBesideABackup works in two companies of one database server at a fifth
// of what they can take together, calm and while one of them is backed up again and again
// by an agent with half a processor. ROUNDS are the megabytes of that company.
func TestForegroundBesideABackup(t *testing.T) {
	const calm = 30 * time.Second
	c := newCompany(t)
	megabytes := rounds(t, 200)
	c.messages(0, megabytes<<19/messageBytes)
	c.objects(0, megabytes<<19/fileBytes, fileBytes)
	c.app(2, contract.CommandSeed)
	c.makeBucket(c.bucket + "-2")
	c.exec(1, "ANALYZE")
	own, neighbour := c.desk(1, c.bucket), c.desk(2, c.bucket+"-2")
	most := (own.capacity() + neighbour.capacity()) / 2 // they share the processors
	every := time.Duration(float64(time.Second) / (most * 0.1))
	before := work(calm, every, own, neighbour)

	half := halfAProcessor(t)
	ending, ended := make(chan struct{}), make(chan struct{})
	backups := 0
	go func() {
		defer close(ended)
		for done := false; !done; backups++ {
			c.slowly(half, backup.CommandBackup, c.task(fmt.Sprintf("b%d", backups), ""))
			select {
			case <-ending:
				done = true
			default:
			}
		}
	}()
	during := work(2*calm, every, own, neighbour)
	close(ending)
	<-ended
	t.Logf("a fifth of %.0f requests a second; %d backups of %d MB meanwhile", most, backups, megabytes)
	for i, who := range []string{"the company itself", "its neighbour"} {
		t.Logf("%s: p50 %s calm, %s beside backups; p99 %s calm, %s beside backups, %.2f of it", who, at(before[i], 50), at(during[i], 50),
			at(before[i], 99), at(during[i], 99), float64(at(during[i], 99))/float64(at(before[i], 99)))
	}
}

func at(times []time.Duration, percent int) time.Duration {
	return times[len(times)*percent/100].Round(100 * time.Microsecond)
}

// desk serves a schema, with people who are signed in.
func (c *company) desk(number int, bucket string) *desk {
	c.t.Helper()
	a, err := app.New(c.t.TempDir())
	if err != nil {
		c.t.Fatal(err)
	}
	if a.Program, err = office(); err != nil {
		c.t.Fatal(err)
	}
	if err := os.MkdirAll(a.Settings, 0o700); err != nil {
		c.t.Fatal(err)
	}
	database := c.login(number, false)
	database.MaxConns = 4 // of 10 that the login of both schemas may have
	for file, value := range map[string]any{
		contract.FileSettings: contract.Settings{
			TenantID: id, DisplayName: "云杉科技有限公司", URL: "http://" + a.Listen, Release: app.Release, Locale: "zh-CN", Timezone: "Asia/Shanghai", Outbound: true, DataEpoch: 1,
		},
		contract.FileDatabase: database, contract.FileBucket: c.reach(bucket),
		contract.FileKeys: contract.Keys{Seal: []contract.SealKey{{ID: "loopback", Key: make([]byte, contract.KeySize)}}},
	} {
		write(c.t, filepath.Join(a.Settings, file), value)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(c.t.Context()))
	ended, err := a.Serve(ctx)
	c.t.Cleanup(func() { stop(); <-ended })
	if err != nil {
		c.t.Fatal(err)
	}
	d := &desk{t: c.t, app: a, room: uuid.Must(uuid.NewV7()), client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: time.Minute}}
	for i := range 20 {
		d.people = append(d.people, uuid.Must(uuid.NewV7()))
		raw := sha256.Sum256(d.people[i][:])
		d.cookies = append(d.cookies, base64.RawURLEncoding.EncodeToString(raw[:]))
		c.exec(number, fmt.Sprintf(`INSERT INTO person (id, name, sort, sort_key, search, created_at, updated_at) VALUES ('%[1]s', '人员%[2]d', 1000, '', '', now(), now());
			INSERT INTO account (person_id, created_at) VALUES ('%[1]s', now());
			INSERT INTO session (id, person_id, token_sha256, shared, data_epoch, user_agent, address, created_at, seen_at, expires_at)
				VALUES (gen_random_uuid(), '%[1]s', '\x%[3]x', false, 1, '', '', now(), now(), now() + interval '1 day');
			INSERT INTO consent (id, person_id, edition, locale, address, agent, at) VALUES (gen_random_uuid(), '%[1]s', 1000, 'zh-CN', '', '', now())`,
			d.people[i], i, sha256.Sum256([]byte(d.cookies[i]))))
	}
	d.ask(0, http.MethodPost, "/rooms", map[string]any{"id": d.room, "kind": "group", "name": "大群", "memberIds": d.people[1:]})
	return d
}

// ask sends a request that has to be answered well.
func (d *desk) ask(who int, method, path string, body any) {
	raw, err := json.Marshal(body)
	if err != nil {
		d.t.Error(err)
	}
	r, err := http.NewRequestWithContext(d.t.Context(), method, "http://"+d.app.Listen+"/api/v1"+path, bytes.NewReader(raw))
	if err != nil {
		d.t.Error(err)
		return
	}
	r.Header = http.Header{
		"Content-Type": {"application/json"}, "Cookie": {"__Host-atrium=" + d.cookies[who]}, "Origin": {"http://" + d.app.Listen}, "Idempotency-Key": {uuid.NewString()},
	}
	answer, err := d.client.Do(r)
	if err != nil {
		d.t.Error(err)
		return
	}
	defer func() { _ = answer.Body.Close() }()
	if said, err := io.ReadAll(answer.Body); err != nil || answer.StatusCode >= http.StatusBadRequest {
		d.t.Errorf("%s %s: %s %v %.200s", method, path, answer.Status, err, said)
	}
}

// act is what the n-th request is: three of four read.
func (d *desk) act(n int) {
	who := n % len(d.people)
	switch n % 4 {
	case 0:
		d.ask(who, http.MethodPost, "/rooms/"+d.room.String()+"/messages", map[string]any{"id": uuid.Must(uuid.NewV7()), "kind": "text", "text": "今天下午三点开会"})
	case 1:
		d.ask(who, http.MethodGet, "/rooms/"+d.room.String()+"/messages", nil)
	case 2:
		d.ask(who, http.MethodGet, "/rooms", nil)
	default:
		d.ask(who, http.MethodGet, "/me", nil)
	}
}

// capacity is how many requests a second are answered at the most.
func (d *desk) capacity() float64 {
	const each = 400
	var working sync.WaitGroup
	began := time.Now()
	for worker := range 8 {
		working.Go(func() {
			for n := range each {
				d.act(worker*each + n)
			}
		})
	}
	working.Wait()
	return 8 * each / time.Since(began).Seconds()
}

// work sends a request every so often to each desk, whether or not the former ones are
// answered, and gives their times, sorted, from when each was due.
func work(long, every time.Duration, desks ...*desk) [][]time.Duration {
	times := make([][]time.Duration, len(desks))
	var mu sync.Mutex
	var working sync.WaitGroup
	began := time.Now()
	for n := range int(long / every) {
		due := began.Add(time.Duration(n) * every)
		time.Sleep(time.Until(due))
		for i, d := range desks {
			working.Go(func() {
				d.act(n)
				took := time.Since(due)
				mu.Lock()
				defer mu.Unlock()
				times[i] = append(times[i], took)
			})
		}
	}
	working.Wait()
	for i := range times {
		slices.Sort(times[i])
	}
	return times
}

// halfAProcessor is a control group whose processes get that, as the agent's container.
func halfAProcessor(t *testing.T) (group string) {
	t.Helper()
	const root = "/sys/fs/cgroup"
	group, limits := filepath.Join(root, "cpu", "atrium-test-agent"), map[string]string{"cpu.cfs_period_us": "100000", "cpu.cfs_quota_us": "50000"}
	if _, err := os.Stat(filepath.Join(root, "cgroup.controllers")); err == nil {
		group, limits = filepath.Join(root, "atrium-test-agent"), map[string]string{"cpu.max": "50000 100000"}
	}
	if err := os.MkdirAll(group, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(group) })
	for file, value := range limits {
		if err := os.WriteFile(filepath.Join(group, file), []byte(value), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return group
}

// slowly runs the agent in a control group, which has to end well.
func (c *company) slowly(group, command string, task backup.Task) {
	cmd := c.process(command, task)
	cmd.Path, cmd.Args = "/bin/sh", append([]string{"sh", "-c", `echo $$ > "$0/cgroup.procs"; exec "$@"`, group, cmd.Path}, cmd.Args[1:]...)
	if out, err := cmd.CombinedOutput(); err != nil {
		c.t.Errorf("%s: %v: %.2000s", strings.Join(cmd.Args, " "), err, out)
	}
}
