package faults

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"k8s.io/client-go/rest"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/test/env"
	"atrium.dev/atrium/test/rig"
)

// view stands between an operator's cache and the API server. What it shows of one
// tenant can stand still while the truth goes on; later it shows the difference,
// many changes merged into one, as a watch does that was cut and taken up again. A
// fresh operator's first list shows tenants that stand still as they once were.
type view struct {
	mu     sync.Mutex
	frozen map[string]bool
	kinds  map[string]*kind // by path
	merged int              // differences that were shown late
}

// kind is one collection of objects.
type kind struct {
	apiVersion, kind string
	truth            map[string]object
	shown            map[string]object
	past             []object // every state that was ever seen, in order
	out              *io.PipeWriter
}

// object as the API server sent it; nil fields when it is gone.
type object struct {
	key, tenant string
	version     int64
	fields      map[string]any
}

func newView() *view { return &view{frozen: map[string]bool{}, kinds: map[string]*kind{}} }

// before makes an operator look through the view.
func (v *view) before(config *rest.Config) {
	config.ContentType, config.AcceptContentTypes = "application/json", "application/json"
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return env.RoundTripper(func(req *http.Request) (*http.Response, error) {
			if req.Method != http.MethodGet || !collection(req.URL.Path) {
				return next.RoundTrip(req)
			}
			query := req.URL.Query()
			switch {
			case query.Get("sendInitialEvents") != "":
				return v.refuse(req), nil // the client lists instead
			case query.Get("watch") != "":
				return v.watch(next, req)
			case query.Has("resourceVersion"):
				return v.list(next, req)
			}
			return next.RoundTrip(req) // a live read
		})
	})
}

// collection holds for the kinds that the operator's cache follows in the cluster.
func collection(path string) bool {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	return parts[0] == "api" && len(parts) == 3 || parts[0] == "apis" && len(parts) == 4
}

func (v *view) refuse(req *http.Request) *http.Response {
	body := `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Invalid","code":422,"message":"sendInitialEvents is forbidden"}`
	return &http.Response{
		StatusCode: http.StatusUnprocessableEntity, Status: "422 Unprocessable Entity", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: req,
	}
}

func (v *view) of(path string) *kind {
	if v.kinds[path] == nil {
		v.kinds[path] = &kind{truth: map[string]object{}, shown: map[string]object{}}
	}
	return v.kinds[path]
}

func read(fields map[string]any) object {
	metadata, _ := fields["metadata"].(map[string]any)
	text := func(key string) string { s, _ := metadata[key].(string); return s }
	o := object{key: text("namespace") + "/" + text("name"), fields: fields}
	o.version, _ = strconv.ParseInt(text("resourceVersion"), 10, 64)
	labels, _ := metadata["labels"].(map[string]any)
	o.tenant, _ = labels[v1alpha1.LabelTenant].(string)
	if fields["kind"] == "Tenant" {
		o.tenant = text("name")
	}
	return o
}

// list answers with what is shown.
func (v *view) list(next http.RoundTripper, req *http.Request) (*http.Response, error) {
	answer, err := next.RoundTrip(req)
	if err != nil || answer.StatusCode != http.StatusOK {
		return answer, err
	}
	raw, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	if err != nil {
		return nil, err
	}
	var body map[string]any
	if err := json.Unmarshal(raw, &body); err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	k := v.of(req.URL.Path)
	k.apiVersion, _ = body["apiVersion"].(string)
	listKind, _ := body["kind"].(string)
	k.kind = strings.TrimSuffix(listKind, "List")
	k.truth, k.shown = map[string]object{}, map[string]object{}
	items, _ := body["items"].([]any)
	for _, item := range items {
		fields := item.(map[string]any)
		fields["apiVersion"], fields["kind"] = k.apiVersion, k.kind
		o := read(fields)
		k.truth[o.key] = o
		k.past = append(k.past, o)
	}
	shown := []any{}
	for key, o := range k.old(v.frozen) {
		k.shown[key] = o
		shown = append(shown, o.fields)
	}
	body["items"] = shown
	if raw, err = json.Marshal(body); err != nil {
		return nil, err
	}
	answer.Body, answer.ContentLength = io.NopCloser(bytes.NewReader(raw)), int64(len(raw))
	answer.Header.Set("Content-Length", strconv.Itoa(len(raw)))
	return answer, nil
}

// old is the truth, but for tenants that stand still: those are as they were half of
// their life ago.
func (k *kind) old(frozen map[string]bool) map[string]object {
	all := map[string]object{}
	for key, o := range k.truth {
		if !frozen[o.tenant] {
			all[key] = o
		}
	}
	states := map[string][]object{}
	for _, o := range k.past {
		if frozen[o.tenant] {
			states[o.tenant] = append(states[o.tenant], o)
		}
	}
	for _, past := range states {
		for _, o := range past[:(len(past)+1)/2] {
			if all[o.key] = o; o.fields["gone"] == true {
				delete(all, o.key)
			}
		}
	}
	return all
}

// watch passes events on, but for tenants that stand still.
func (v *view) watch(next http.RoundTripper, req *http.Request) (*http.Response, error) {
	answer, err := next.RoundTrip(req)
	if err != nil || answer.StatusCode != http.StatusOK {
		return answer, err
	}
	upstream := answer.Body
	reader, writer := io.Pipe()
	answer.Body = pipe{reader, upstream}
	v.mu.Lock()
	k := v.of(req.URL.Path)
	k.out = writer
	v.mu.Unlock()
	go func() {
		defer func() { _ = writer.Close(); _ = upstream.Close() }()
		v.mu.Lock()
		v.show(k, func(tenant string) bool { return !v.frozen[tenant] })
		v.mu.Unlock()
		for events := json.NewDecoder(upstream); ; {
			var event struct {
				Type   string         `json:"type"`
				Object map[string]any `json:"object"`
			}
			if events.Decode(&event) != nil || !v.event(k, writer, event.Type, event.Object) {
				return
			}
		}
	}()
	return answer, nil
}

type pipe struct {
	*io.PipeReader
	upstream io.Closer
}

func (p pipe) Close() error {
	_ = p.upstream.Close()
	return p.PipeReader.Close()
}

// event reports whether the watch goes on.
func (v *view) event(k *kind, out *io.PipeWriter, kindOf string, fields map[string]any) bool {
	if kindOf == "BOOKMARK" || kindOf == "ERROR" {
		return kindOf == "BOOKMARK" || send(out, kindOf, fields)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if k.out != out {
		return false // another watch follows this kind now
	}
	o := read(fields)
	if kindOf == "DELETED" {
		delete(k.truth, o.key)
		gone := o
		gone.fields = map[string]any{"gone": true}
		k.past = append(k.past, gone)
	} else {
		k.truth[o.key] = o
		k.past = append(k.past, o)
	}
	if v.frozen[o.tenant] {
		return true
	}
	if kindOf == "DELETED" {
		delete(k.shown, o.key)
	} else {
		k.shown[o.key] = o
	}
	return send(out, kindOf, fields)
}

func send(out *io.PipeWriter, kindOf string, fields map[string]any) bool {
	raw, err := json.Marshal(map[string]any{"type": kindOf, "object": fields})
	if err != nil {
		return false
	}
	_, err = out.Write(append(raw, '\n'))
	return err == nil
}

// freeze lets a tenant stand still.
func (v *view) freeze(tenant string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.frozen[tenant] = true
}

// thaw shows what became of a tenant meanwhile.
func (v *view) thaw(tenant string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.frozen, tenant)
	for _, k := range v.kinds {
		if k.out != nil { // otherwise the watch begins with it
			v.show(k, func(one string) bool { return one == tenant })
		}
	}
}

// show sends the difference between what is shown and the truth.
func (v *view) show(k *kind, of func(tenant string) bool) {
	for key, was := range k.shown {
		if _, there := k.truth[key]; of(was.tenant) && !there {
			delete(k.shown, key)
			v.merged++
			send(k.out, "DELETED", was.fields)
		}
	}
	for key, is := range k.truth {
		was, there := k.shown[key]
		if !of(is.tenant) || there && was.version == is.version {
			continue
		}
		k.shown[key] = is
		v.merged++
		how := "MODIFIED"
		if !there {
			how = "ADDED"
		}
		send(k.out, how, is.fields)
	}
}

// look makes a rig's next operator look through the view. It begins with lists of
// its own; what was seen before is remembered.
func (v *view) look(w *rig.Wiring) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for path, k := range v.kinds {
		v.kinds[path] = &kind{truth: map[string]object{}, shown: map[string]object{}, past: k.past}
	}
	v.before(w.Config)
}
