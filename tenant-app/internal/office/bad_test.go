package office_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
	"github.com/danielgtaylor/huma/v2"
)

const catalogues = "../../web/src/i18n/"

// spoilt are values that belong into no field, as JSON; the last ones are no JSON at all.
func spoilt() []string {
	return []string{
		`null`, `{"a":[1]}`, `[[[]]]`, `-1e308`, `true`, `""`, `"\u0000\u0001"`, `"<script>alert(1)</script>"`, `"../../etc/passwd\r\nX-A: b"`,
		`"` + strings.Repeat("长", 20_000) + `"`, "\"\xff\xfe\xc3\"", `{`,
	}
}

// Whatever is sent to whichever operation by somebody who may use it, also what comes
// twice or is old (what belongs to others is the walk's): the server never fails, and each refusal
// has a code for which the page has a sentence in both languages.
func TestBadInputIsRefusedInWords(t *testing.T) {
	w := newWalk(t)
	b := &bad{walk: w, zh: sentences(t, "zh-CN"), en: sentences(t, "en"), statuses: map[int]int{}}
	for _, op := range w.o.App.Server.Operations() {
		if w.operation(op) == nil {
			continue
		}
		who := w.admin
		if as := w.examples[op.ID].as; as != nil || w.examples[op.ID].ends {
			who = w.again(w.clerk)
		}
		call, err := w.build(op, who, w.make)
		if err != nil {
			t.Errorf("%s: cannot build a request: %v", op.ID, err)
			continue
		}
		b.addresses(t, op, who, call)
		if op.Method != http.MethodGet {
			b.bodies(t, op, who, call)
			b.headers(t, op, who, call)
		}
	}
	for _, who := range []*actor{w.admin, w.clerk} {
		if !w.inside(who) {
			t.Errorf("%s was signed out on the way: the rest proves nothing", who.name)
		}
	}
	if refused := b.statuses[http.StatusBadRequest] + b.statuses[http.StatusUnprocessableEntity]; refused < 500 {
		t.Errorf("only %d requests were refused for what they hold: %v", refused, b.statuses)
	}
	sent := 0
	for _, n := range b.statuses {
		sent += n
	}
	t.Logf("%d requests, answers by status: %v", sent, b.statuses)
}

type bad struct {
	*walk

	zh, en   map[string]bool
	statuses map[int]int
}

// check looks at one answer.
func (b *bad) check(t *testing.T, op httpapi.Op, sent string, reply officetest.Reply) {
	t.Helper()
	b.statuses[reply.Status]++
	if reply.Status < http.StatusBadRequest {
		return
	}
	var problem httpapi.Problem
	err := json.Unmarshal([]byte(reply.Body), &problem)
	switch {
	case reply.Status >= http.StatusInternalServerError:
		t.Errorf("%s answers %.80q with %d: %s", op.ID, sent, reply.Status, reply.Body)
	case err != nil || reply.Header.Get("Content-Type") != "application/problem+json":
		t.Errorf("%s answers %.80q with %d and no problem: %s %.200s", op.ID, sent, reply.Status, reply.Header.Get("Content-Type"), reply.Body)
	case !b.zh[problem.Code] || !b.en[problem.Code]:
		t.Errorf("%s answers %.80q with the code %q, which the page does not translate", op.ID, sent, problem.Code)
	}
	for _, field := range problem.Errors {
		if !b.zh[field.Code] || !b.en[field.Code] {
			t.Errorf("%s answers %.80q with the code %q for %s, which the page does not translate", op.ID, sent, field.Code, field.Field)
		}
	}
}

// raw sends bytes as a body.
func (b *bad) raw(who *actor, op httpapi.Op, call request, body []byte, headers ...officetest.Header) officetest.Reply {
	path := op.Path
	for name, value := range call.params {
		path = strings.ReplaceAll(path, "{"+name+"}", value)
	}
	if len(call.query) > 0 {
		path += "?" + call.query.Encode()
	}
	headers = append([]officetest.Header{officetest.H("If-Match", "*"), officetest.H("Content-Type", "application/json")}, headers...)
	return who.b.Do(op.Method, httpapi.Prefix+path, body, headers...)
}

// addresses spoils the ids of the path and the parameters.
func (b *bad) addresses(t *testing.T, op httpapi.Op, who *actor, call request) {
	t.Helper()
	body := b.valid(op, call)
	for _, value := range []string{"x", "%00", "%FF%FE", "%27%20OR%201=1", kernel.NewID().String(), strings.Repeat("9", 300)} {
		for name := range call.params {
			params := maps.Clone(call.params)
			params[name] = value
			reply := b.raw(who, op, request{params: params, query: call.query}, body)
			if reply.Status == http.StatusMethodNotAllowed || reply.Status == http.StatusNotFound && !strings.Contains(reply.Body, "{") {
				continue // the router's: another address
			}
			b.check(t, op, name+" "+value, reply)
		}
	}
	for _, value := range []string{"", "\x00", "\xff\xfe", "-1", "1e99", "<script>", strings.Repeat("长", 5_000)} {
		query := maps.Clone(call.query)
		for _, p := range b.operation(op).Parameters {
			if p.In == "query" {
				query.Set(p.Name, value)
			}
		}
		if len(query) > 0 {
			b.check(t, op, "query "+value, b.raw(who, op, request{params: call.params, query: query}, body))
		}
	}
}

// bodies spoils the whole body, and one field after the other.
func (b *bad) bodies(t *testing.T, op httpapi.Op, who *actor, call request) {
	t.Helper()
	for _, whole := range append(spoilt(), ``, `[]`, `{}`, `{"id":"00000000-0000-0000-0000-000000000000"}`, `"`+strings.Repeat("x", 1<<20)+`"`) {
		b.check(t, op, whole, b.raw(who, op, call, []byte(whole)))
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(b.valid(op, call), &fields); err != nil {
		return // no JSON: a file
	}
	known := b.schema(b.operation(op).RequestBody.Content["application/json"].Schema).Properties
	for _, name := range slices.Sorted(maps.Keys(known)) {
		if name == "$schema" {
			continue
		}
		for _, value := range append(spoilt(), b.inner(known[name])...) {
			b.check(t, op, name+" "+value, b.raw(who, op, call, with(fields, name, value)))
		}
	}
}

// schema is what a reference means.
func (b *bad) schema(s *huma.Schema) *huma.Schema {
	if s.Ref != "" {
		return b.o.App.Server.API.OpenAPI().Components.Schemas.SchemaFromRef(s.Ref)
	}
	return s
}

// inner spoils what stands in a list or in an object.
func (b *bad) inner(s *huma.Schema) (out []string) {
	around := []string{"%s"}
	if s = b.schema(s); s.Type == huma.TypeArray {
		around = []string{"[%s]"}
		s = b.schema(s.Items)
	}
	if s.Type == huma.TypeObject {
		list := around[0]
		for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
			around = append(around, strings.Replace(list, "%s", `{"`+name+`":%s}`, 1))
		}
	}
	for _, form := range around {
		for _, value := range []string{`null`, `-1e308`, `"\u0000<script>"`, `"` + strings.Repeat("长", 20_000) + `"`} {
			if form != "%s" {
				out = append(out, strings.Replace(form, "%s", value, 1))
			}
		}
	}
	return out
}

// headers sends old versions, broken keys, and the same twice.
func (b *bad) headers(t *testing.T, op httpapi.Op, who *actor, call request) {
	t.Helper()
	body := b.valid(op, call)
	for _, h := range []officetest.Header{
		officetest.H("If-Match", `"0"`), officetest.H("If-Match", "W/\"x"), officetest.H("If-Match", `"99999999999999999999"`), officetest.H("If-Match", ""),
		officetest.H(httpapi.HeaderIdempotencyKey, ""), officetest.H(httpapi.HeaderIdempotencyKey, "short"),
		officetest.H(httpapi.HeaderIdempotencyKey, strings.Repeat("k", 200)), officetest.H("Content-Type", "text/plain"),
	} {
		b.check(t, op, h.Name+": "+h.Value, b.raw(who, op, call, body, h))
	}
	again := officetest.H(httpapi.HeaderIdempotencyKey, kernel.NewID().String())
	for range 2 {
		b.check(t, op, "the same twice", b.raw(who, op, call, body, again))
	}
	b.check(t, op, "another with the same key", b.raw(who, op, call, append(bytes.Clone(body), ' '), again))
}

// valid is the body that the operation takes.
func (b *bad) valid(op httpapi.Op, call request) []byte {
	if call.raw != nil || call.body == nil {
		return call.raw
	}
	raw, err := json.Marshal(call.body)
	if err != nil {
		b.t.Fatalf("%s: %v", op.ID, err)
	}
	return raw
}

// with is an object whose field holds value, be it JSON or not.
func with(fields map[string]json.RawMessage, name, value string) []byte {
	parts := []string{`"` + name + `":` + value}
	for _, other := range slices.Sorted(maps.Keys(fields)) {
		if other != name {
			parts = append(parts, `"`+other+`":`+string(fields[other]))
		}
	}
	return []byte("{" + strings.Join(parts, ",") + "}")
}

var errorKey = regexp.MustCompile(`'error\.(\w+)'`)

// sentences are the codes for which the page has a sentence.
func sentences(t *testing.T, language string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(catalogues, language, "*.ts"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no catalogue in %s%s: %v", catalogues, language, err)
	}
	known := map[string]bool{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range errorKey.FindAllSubmatch(raw, -1) {
			known[string(match[1])] = true
		}
	}
	return known
}
