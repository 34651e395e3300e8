package httpapi_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"atrium.dev/atrium/tenant-app/internal/auth"
	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
)

type noteInput struct {
	httpapi.IfMatchIn
	Body struct {
		Key    string `json:"key" minLength:"1" maxLength:"20"`
		Refuse bool   `json:"refuse,omitempty"`
		Panic  bool   `json:"panic,omitempty"`
		Break  bool   `json:"break,omitempty"`
	}
}

type noteOutput struct {
	httpapi.ETagOut
	Body struct {
		Key   string `json:"key"`
		Count int    `json:"count"`
	}
}

// withNotes adds an operation that writes a row, so that effects can be counted.
func withNotes(o *officetest.Office) {
	httpapi.Register(o.App.Server, httpapi.Op{
		ID: "add-note", Method: http.MethodPost, Path: "/notes", Summary: "Add a note", Tag: "test",
		Action: "create", Resource: "own-note", Status: http.StatusCreated, MaxBody: 1000,
	}, func(ctx context.Context, in *noteInput) (*noteOutput, error) {
		if in.IfMatch != "" {
			if err := in.Check(7); err != nil {
				return nil, err
			}
		}
		if _, err := o.DB.Q(ctx).NewRaw("INSERT INTO once (key) VALUES (? || gen_random_uuid())", in.Body.Key).Exec(ctx); err != nil {
			return nil, err
		}
		switch {
		case in.Body.Refuse:
			return nil, kernel.Invalid("refused").With("key", in.Body.Key).OnField("body.key")
		case in.Body.Panic:
			panic("a bug")
		case in.Body.Break:
			return nil, errors.New("a secret cause")
		}
		out := &noteOutput{ETagOut: httpapi.Versioned(7)}
		out.Body.Key = in.Body.Key
		return out, o.DB.Q(ctx).NewRaw("SELECT count(*) FROM once WHERE key LIKE ? || '%'", in.Body.Key).Scan(ctx, &out.Body.Count)
	})
}

func notes(t *testing.T, o *officetest.Office, key string) (n int) {
	t.Helper()
	o.Scan(t, "SELECT count(*) FROM once WHERE key LIKE '"+key+"%'", &n)
	return n
}

func key(value string) officetest.Header { return officetest.H(httpapi.HeaderIdempotencyKey, value) }

func TestARepeatedRequestGetsTheSameReply(t *testing.T) {
	o := officetest.Start(t)
	withNotes(o)
	b := o.Administrator(t)
	body := map[string]any{"key": "one"}
	first := b.JSON(http.MethodPost, "/notes", body, key("intent-0001")).Want(http.StatusCreated)
	again := b.JSON(http.MethodPost, "/notes", body, key("intent-0001")).Want(http.StatusCreated)
	if again.Body != first.Body || again.Header.Get("ETag") != `"7"` || again.Header.Get("Content-Type") != first.Header.Get("Content-Type") {
		t.Errorf("first %v %s, again %v %s", first.Header, first.Body, again.Header, again.Body)
	}
	if again.Header.Get("Idempotency-Replayed") != "true" || first.Header.Get("Idempotency-Replayed") != "" {
		t.Error("only the second reply should say that it is a repeated one")
	}
	if n := notes(t, o, "one"); n != 1 {
		t.Errorf("%d notes, want 1", n)
	}
	// A lost reply must not turn into a false 412: the key is looked at first.
	b.JSON(http.MethodPost, "/notes", body, key("intent-0001"), officetest.H("If-Match", `"6"`)).Want(http.StatusCreated)

	other := b.JSON(http.MethodPost, "/notes", map[string]any{"key": "two"}, key("intent-0001")).Want(http.StatusUnprocessableEntity)
	if other.Code() != "idempotency_key_reused" {
		t.Errorf("code %s", other.Code())
	}
	b.JSON(http.MethodPost, "/notes", body, key("intent-0002")).Want(http.StatusCreated)
	if n := notes(t, o, "one"); n != 2 {
		t.Errorf("%d notes with two keys, want 2", n)
	}
}

func TestAKeyBelongsToAPerson(t *testing.T) {
	o := officetest.Start(t)
	withNotes(o)
	admin := o.Administrator(t)
	_, staff := admin.Staff(auth.NewPerson{Name: "李雷", StaffNo: "B001"})
	admin.JSON(http.MethodPost, "/notes", map[string]any{"key": "mine"}, key("intent-0001")).Want(http.StatusCreated)
	reply := staff.JSON(http.MethodPost, "/notes", map[string]any{"key": "mine"}, key("intent-0001")).Want(http.StatusCreated)
	if reply.Header.Get("Idempotency-Replayed") != "" {
		t.Error("a person got another person's reply")
	}
}

func TestManyAtOnceWithOneKeyActOnce(t *testing.T) {
	o := officetest.Start(t)
	withNotes(o)
	b := o.Administrator(t)
	var all sync.WaitGroup
	replies := make([]officetest.Reply, 6)
	for i := range replies {
		all.Go(func() {
			replies[i] = b.JSON(http.MethodPost, "/notes", map[string]any{"key": "once"}, key("intent-0001"))
		})
	}
	all.Wait()
	for _, r := range replies {
		if r.Status != http.StatusCreated || r.Body != replies[0].Body {
			t.Errorf("status %d: %s", r.Status, r.Body)
		}
	}
	if n := notes(t, o, "once"); n != 1 {
		t.Errorf("%d notes, want 1", n)
	}
}

func TestARefusedRequestLeavesNothing(t *testing.T) {
	o := officetest.Start(t)
	withNotes(o)
	b := o.Administrator(t)
	for what, status := range map[string]int{"refuse": 422, "break": 500, "panic": 500} {
		reply := b.JSON(http.MethodPost, "/notes", map[string]any{"key": what, what: true}, key("intent-"+what)).Want(status)
		if strings.Contains(reply.Body, "secret cause") || strings.Contains(reply.Body, "bug") {
			t.Errorf("%s tells its cause: %s", what, reply.Body)
		}
		if reply.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: content type %s", what, reply.Header.Get("Content-Type"))
		}
		if n := notes(t, o, what); n != 0 {
			t.Errorf("%s left %d notes", what, n)
		}
		// Mended, it may be sent again with the same key.
		b.JSON(http.MethodPost, "/notes", map[string]any{"key": what}, key("intent-"+what)).Want(http.StatusCreated)
	}
	if !strings.Contains(o.Logs(), "secret cause") || !strings.Contains(o.Logs(), "a bug") {
		t.Error("the log does not tell the causes")
	}
}

func TestKeysAndBodiesAreChecked(t *testing.T) {
	o := officetest.Start(t)
	withNotes(o)
	b := o.Administrator(t)
	body := map[string]any{"key": "x"}
	for _, c := range []struct {
		name    string
		headers []officetest.Header
		body    any
		status  int
		code    string
	}{
		{"no key", []officetest.Header{key("")}, body, 400, "idempotency_key_missing"},
		{"short key", []officetest.Header{key("short")}, body, 400, "idempotency_key_malformed"},
		{"long key", []officetest.Header{key(strings.Repeat("k", 129))}, body, 400, "idempotency_key_malformed"},
		{"huge body", nil, map[string]any{"key": strings.Repeat("x", 2000)}, 413, "body_too_large"},
		{"long value", nil, map[string]any{"key": strings.Repeat("x", 30)}, 422, "values_invalid"},
		{"unknown field", nil, map[string]any{"key": "x", "what": 1}, 422, "values_invalid"},
		{"wrong type", nil, map[string]any{"key": 5}, 422, "values_invalid"},
		{"old version", []officetest.Header{officetest.H("If-Match", `"6"`)}, body, 412, "version_stale"},
	} {
		reply := b.JSON(http.MethodPost, "/notes", c.body, c.headers...)
		if reply.Status != c.status || reply.Code() != c.code {
			t.Errorf("%s: %d %s, want %d %s", c.name, reply.Status, reply.Code(), c.status, c.code)
		}
	}
	var problem httpapi.Problem
	b.JSON(http.MethodPost, "/notes", map[string]any{"key": 5}).Into(&problem)
	if len(problem.Errors) == 0 || problem.Errors[0].Field != "body.key" || problem.RequestID == "" {
		t.Errorf("the problem does not name the field: %+v", problem)
	}
}

func TestOldRepliesAreForgotten(t *testing.T) {
	o := officetest.Start(t)
	withNotes(o)
	b := o.Administrator(t)
	b.JSON(http.MethodPost, "/notes", map[string]any{"key": "x"}).Want(http.StatusCreated)
	count := func() (n int) {
		o.Scan(t, "SELECT count(*) FROM idempotency_key", &n)
		return n
	}
	forget := func() {
		t.Helper()
		if err := o.App.Server.ForgetReplies(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	o.Wait(httpapi.KeepReplies - 60e9)
	if forget(); count() != 1 {
		t.Error("a reply was forgotten before its time")
	}
	o.Wait(2 * 60e9)
	if forget(); count() != 0 {
		t.Error("an old reply is kept")
	}
}
