// Package load drives one company's app as its people would: real requests and real
// sockets, sent at the time at which they are due whether or not the former ones are
// answered. Floors (a bare hub, plain inserts) run on the same machine in the same run,
// so that ratios mean something where absolute times do not.
package load

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
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/env"
	"atrium.dev/atrium/test/env/app"
	"atrium.dev/atrium/test/env/company"
	"github.com/google/uuid"
)

// office is the app as a process, with people who are signed in.
type office struct {
	*company.Company
	t      testing.TB
	sql    *pgx.Conn
	dsn    string
	client *http.Client
	people []person
}

type person struct {
	id     uuid.UUID
	cookie string
}

// start runs the app with a number of people.
func start(t testing.TB, people int) *office {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	postgres, err := env.StartPostgres(t.TempDir(), 0, "secret")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(postgres.Stop)
	company, err := company.New(t.TempDir())
	must(t, err)
	o := &office{t: t, Company: company}
	must(t, o.Settle(ctx, postgres, env.MinIO(t)))
	must(t, app.Build(ctx, company.Program))
	must(t, o.Seed(ctx))
	ended, err := o.Serve(ctx)
	must(t, err)
	t.Cleanup(func() { stop(); <-ended })
	o.dsn = postgres.SuperuserDSN("office")
	o.sql, err = pgx.Connect(ctx, o.dsn)
	must(t, err)
	_, err = o.sql.Exec(ctx, "SET search_path TO t_office_1")
	must(t, err)
	transport := &http.Transport{MaxIdleConnsPerHost: 256, MaxConnsPerHost: 512}
	o.client = &http.Client{Transport: transport}
	t.Cleanup(transport.CloseIdleConnections)
	o.hire(people)
	return o
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// hire adds people with a session each, behind the app's back: a thousand passwords
// would take minutes.
func (o *office) hire(n int) {
	o.t.Helper()
	batch := &pgx.Batch{}
	for i := range n {
		p := person{id: newID()}
		raw := sha256.Sum256(p.id[:])
		p.cookie = base64.RawURLEncoding.EncodeToString(raw[:])
		hash := sha256.Sum256([]byte(p.cookie))
		batch.Queue(`INSERT INTO person (id, name, sort, sort_key, search, created_at, updated_at) VALUES ($1, $2, 1000, $2, ''::tsvector, now(), now())`, p.id, fmt.Sprintf("人员%d", i))
		batch.Queue(`INSERT INTO account (person_id, created_at) VALUES ($1, now())`, p.id)
		batch.Queue(`INSERT INTO session (id, person_id, token_sha256, shared, data_epoch, user_agent, address, created_at, seen_at, expires_at)
			VALUES ($1, $2, $3, false, 1, 'load', '', now(), now(), now() + interval '1 day')`, newID(), p.id, hash[:])
		// They agreed to whatever edition of the texts there will be.
		batch.Queue(`INSERT INTO consent (id, person_id, edition, locale, address, agent, at) VALUES ($1, $2, 1000, 'zh-CN', '', 'load', now())`, newID(), p.id)
		o.people = append(o.people, p)
	}
	must(o.t, o.sql.SendBatch(o.t.Context(), batch).Close())
	_, err := o.sql.Exec(o.t.Context(), "ANALYZE")
	must(o.t, err)
}

// room makes a group of people, who all belong to it from its beginning.
func (o *office) room(people []person) uuid.UUID {
	o.t.Helper()
	id, ids := newID(), []uuid.UUID{}
	for _, p := range people[1:] {
		ids = append(ids, p.id)
	}
	status, answer := o.do(people[0], http.MethodPost, "/rooms", map[string]any{"id": id, "kind": "group", "name": "大群", "memberIds": ids})
	if status != http.StatusCreated {
		o.t.Fatalf("make a room: %d %s", status, answer)
	}
	return id
}

// do sends a request and reads the answer to its end; status 0: there was none.
func (o *office) do(p person, method, path string, body any) (int, []byte) {
	return o.doIf(p, "", method, path, body)
}

// doIf is do for a version of what it changes; empty: whatever is there.
func (o *office) doIf(p person, version, method, path string, body any) (int, []byte) {
	raw, _ := json.Marshal(body) // of tests
	r, err := http.NewRequestWithContext(o.t.Context(), method, "http://"+o.Listen+"/api/v1"+path, bytes.NewReader(raw))
	if err != nil {
		return 0, []byte(err.Error())
	}
	r.Host = strings.TrimPrefix(o.URL, "http://")
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Cookie", "__Host-atrium="+p.cookie)
	if method != http.MethodGet {
		r.Header.Set("Origin", o.URL)
		r.Header.Set("Idempotency-Key", newID().String())
	}
	if version != "" {
		r.Header.Set("If-Match", version)
	}
	answer, err := o.client.Do(r)
	if err != nil {
		return 0, []byte(err.Error())
	}
	defer func() { _ = answer.Body.Close() }()
	out, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, []byte(err.Error())
	}
	return answer.StatusCode, out
}

// post sends a message and says whether it was stored.
func (o *office) post(p person, room, id uuid.UUID) error {
	status, answer := o.do(p, http.MethodPost, "/rooms/"+room.String()+"/messages", map[string]any{"id": id, "kind": "text", "text": "今天下午三点在二楼会议室开会，请各位准时参加。"})
	if status != http.StatusCreated {
		return fmt.Errorf("a message is answered with %d: %s", status, answer)
	}
	return nil
}

// rss is the resident memory of the app, in bytes, from its metrics.
func (o *office) rss() int {
	o.t.Helper()
	answer, err := http.Get("http://" + o.Ops + contract.PathMetrics)
	must(o.t, err)
	defer func() { _ = answer.Body.Close() }()
	raw, err := io.ReadAll(answer.Body)
	must(o.t, err)
	for line := range strings.Lines(string(raw)) {
		if value, ok := strings.CutPrefix(line, "process_resident_memory_bytes "); ok {
			bytes, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			must(o.t, err)
			return int(bytes)
		}
	}
	o.t.Fatal("the metrics do not tell the memory")
	return 0
}

// scale is a figure for CI, or the whole one with LOAD=full.
func scale(small, full int) int {
	if os.Getenv("LOAD") == "full" {
		return full
	}
	return small
}

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }
