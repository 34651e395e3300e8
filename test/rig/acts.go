package rig

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"

	"atrium.dev/atrium/test/env"
)

// Kind of server that an act goes to.
type Kind string

// Kinds.
const (
	API Kind = "API"
	SQL Kind = "SQL"
	S3  Kind = "S3"
)

// Act is one thing that an operator does at a server: a write to the API server, a
// SQL statement (begin and commit too), a call to the store.
type Act struct {
	Operator int // its number
	Kind     Kind
	Name     string // for example "PATCH /api/v1/namespaces/tenant-acme" or "commit"
	Pass
}

// Verdict says what happens to an act.
type Verdict int

// Verdicts.
const (
	Fine         Verdict = iota
	FailedBefore         // it never reaches the server
	FailedAfter          // it is done, but the answer is lost
)

// Tally collects acts of one kind and can spoil them.
type Tally struct {
	mu    sync.Mutex
	acts  []Act
	spoil func(act string, n int) Verdict
}

func (c *Tally) note(act Act) Verdict {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.acts = append(c.acts, act)
	if c.spoil == nil {
		return Fine
	}
	return c.spoil(act.Name, len(c.acts))
}

// Take returns the names of what was collected and begins anew.
func (c *Tally) Take() []string {
	var names []string
	for _, act := range c.TakeActs() {
		names = append(names, act.Name)
	}
	return names
}

// TakeActs returns what was collected and begins anew.
func (c *Tally) TakeActs() []Act {
	c.mu.Lock()
	defer c.mu.Unlock()
	acts := c.acts
	c.acts = nil
	return acts
}

// Spoil lets f decide about each act from now on, and begins the collection anew;
// nil spoils nothing.
func (c *Tally) Spoil(f func(act string, n int) Verdict) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.acts, c.spoil = nil, f
}

// judge notes an act and says what becomes of it.
func (o *Operator) judge(act Act) Verdict {
	act.Operator = o.Number
	if o.cut.Load() {
		return FailedBefore
	}
	if o.gate != nil {
		if v := o.gate(act); v != Fine {
			return v
		}
	}
	tally := map[Kind]*Tally{API: o.rig.API, SQL: o.rig.SQL, S3: o.rig.S3}[act.Kind]
	return tally.note(act)
}

// through sees each request of an operator. What name does not name is a read that
// is of no interest, and passes while the operator lives.
func (o *Operator) through(next http.RoundTripper, kind Kind, name func(*http.Request) string) http.RoundTripper {
	return env.RoundTripper(func(req *http.Request) (*http.Response, error) {
		if o.cut.Load() {
			return nil, errDead
		}
		act := name(req)
		verdict := Fine
		if act != "" {
			verdict = o.judge(Act{Kind: kind, Name: act, Pass: passOf(req.Context())})
		}
		if verdict == FailedBefore {
			return nil, fmt.Errorf("spoiled before %s", act)
		}
		o.hold()
		answer, err := next.RoundTrip(req)
		o.hold()
		if err == nil {
			answer.Body = held{answer.Body, o}
		}
		if verdict == FailedAfter && err == nil {
			_ = answer.Body.Close()
			return nil, fmt.Errorf("spoiled after %s", act)
		}
		return answer, err
	})
}

// held is an answer that a frozen operator does not read on.
type held struct {
	io.ReadCloser
	operator *Operator
}

func (h held) Read(into []byte) (int, error) {
	n, err := h.ReadCloser.Read(into)
	h.operator.hold()
	return n, err
}

// apiWrite names a write to the API server; events, the Lease and questions about
// rights are not counted.
func apiWrite(req *http.Request) string {
	if req.Method == http.MethodGet || strings.Contains(req.URL.Path, "/events") || strings.Contains(req.URL.Path, "/leases") {
		return ""
	}
	return req.Method + " " + req.URL.Path
}

var bucketID = regexp.MustCompile(`-[a-z2-7]{10}(/|$)`)

func s3Call(req *http.Request) string {
	if req.Method == http.MethodGet && req.URL.Query().Has("versions") {
		return "" // the walk through the buckets, at times of its own
	}
	if req.Method == http.MethodGet && req.URL.Path == "/" {
		return "" // a sweep or a look at the issuer lists the buckets, at times of its own
	}
	return strings.TrimSuffix(req.Method+" "+bucketID.ReplaceAllString(req.URL.Path, "-<id>$1")+"?"+req.URL.RawQuery, "?")
}

// statements of an operator; pgx tells of each.
type statements struct{ *Operator }

func (s statements) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	text := strings.Join(strings.Fields(data.SQL), " ")
	if s.judge(Act{Kind: SQL, Name: text[:min(len(text), 60)], Pass: passOf(ctx)}) != Fine {
		cancelled, cancel := context.WithCancel(ctx)
		cancel()
		return cancelled
	}
	s.hold()
	return ctx
}

func (s statements) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) { s.hold() }
