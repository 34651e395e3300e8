package controllers_test

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// tally collects what an operator did, in order, and can spoil one of its acts.
type tally struct {
	mu    sync.Mutex
	acts  []string
	spoil func(act string, n int) spoiling
}

// spoiling says what happens to an act.
type spoiling int

const (
	fine         spoiling = iota
	failedBefore          // it never reaches the server
	failedAfter           // it is done, but the answer is lost
)

func (c *tally) note(act string) spoiling {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.acts = append(c.acts, act)
	if c.spoil == nil {
		return fine
	}
	return c.spoil(act, len(c.acts))
}

// take returns what was collected and begins anew.
func (c *tally) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	acts := c.acts
	c.acts = nil
	return acts
}

func (c *tally) spoiler(f func(act string, n int) spoiling) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.acts, c.spoil = nil, f
}

// through counts requests; reads of the API server are not of interest.
func (c *tally) through(next http.RoundTripper, name func(*http.Request) string) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		act := name(req)
		if act == "" {
			return next.RoundTrip(req)
		}
		verdict := c.note(act)
		if verdict == failedBefore {
			return nil, fmt.Errorf("spoiled before %s", act)
		}
		answer, err := next.RoundTrip(req)
		if verdict == failedAfter && err == nil {
			_ = answer.Body.Close()
			return nil, fmt.Errorf("spoiled after %s", act)
		}
		return answer, err
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// apiWrite names a write to the API server; events and the Lease are not counted.
func apiWrite(req *http.Request) string {
	if req.Method == http.MethodGet || strings.Contains(req.URL.Path, "/events") || strings.Contains(req.URL.Path, "/leases") {
		return ""
	}
	return req.Method + " " + req.URL.Path
}

func s3Call(req *http.Request) string {
	bucket := regexp.MustCompile(`-[a-z2-7]{10}/?$`).ReplaceAllString(req.URL.Path, "-<id>")
	return strings.TrimSuffix(req.Method+" "+bucket+"?"+req.URL.RawQuery, "?")
}

// statements of the operator; pgx tells of each.
type statements struct{ *tally }

func (s statements) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	act := strings.Join(strings.Fields(data.SQL), " ")
	if s.note(act[:min(len(act), 60)]) != fine {
		cancelled, cancel := context.WithCancel(ctx)
		cancel()
		return cancelled
	}
	return ctx
}

func (statements) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// clock can be moved on.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}
