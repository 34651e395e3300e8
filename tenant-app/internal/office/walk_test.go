package office_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
)

// The walk goes over every operation that the app has, whoever added it. Objects with
// a secret word in them are made through the app; nobody, a guest, a person of another
// department and one who left call each operation with their ids and must never
// receive a word that is not theirs, nor a sign that the object is there; and each
// operation answers well to somebody who may use it.
//
// A new operation is found by itself. The walk fails when it cannot build a request
// for it: give a new kind of object a maker in walk_objects_test.go, and a body that
// the schema alone does not tell an example in walk_examples_test.go.
func TestTheWalk(t *testing.T) {
	w := newWalk(t)
	ops := w.o.App.Server.Operations()
	first := w.standing()
	w.o.Wait(2 * time.Second) // until what is searched knows it
	w.o.Settle(t)
	t.Run("outsiders to an object learn nothing of it", func(t *testing.T) {
		for _, op := range ops {
			w.attack(t, op, first)
		}
	})
	t.Run("nothing tells that there is more", func(t *testing.T) {
		before := w.lists(ops)
		w.standing()
		after := w.lists(ops)
		for _, what := range slices.Sorted(maps.Keys(before)) {
			if before[what] != after[what] {
				t.Errorf("%s changes when others get new objects:\n%s\n%s", what, before[what], after[what])
			}
		}
	})
	t.Run("somebody may use each operation", func(t *testing.T) {
		for _, op := range ops {
			w.entitled(t, op)
		}
	})
	t.Run("files", w.files)
	t.Run("nobody is called for what is not theirs", w.calls)
	t.Run("open pages of outsiders hear nothing", w.frames) // the last one: it sends all pages away
}

// attack calls an operation as everybody whom its objects do not concern.
func (w *walk) attack(t *testing.T, op httpapi.Op, objects map[string]object) {
	if w.operation(op) == nil {
		w.socket(t, op)
		return
	}
	for _, who := range w.attackers {
		if w.examples[op.ID].ends && who.b.Token() != "" {
			continue
		}
		call, err := w.build(op, who, func(segment string) (object, error) {
			o, ok := objects[segment]
			if !ok {
				return o, fmt.Errorf("no maker for objects below /%s", segment)
			}
			return o, nil
		})
		if err != nil {
			t.Errorf("%s: cannot build a request: %v", op.ID, err)
			return
		}
		for _, variant := range call.searching(w.words()) {
			reply := w.send(who, op, variant)
			w.listen(t, op, who, reply)
			if reply.Status >= http.StatusInternalServerError {
				t.Errorf("%s answers %s with %d: %s", op.ID, who.name, reply.Status, reply.Body)
			}
		}
		if len(call.params) > 0 && !w.theirs(op, who) && !w.examples[op.ID].creates {
			w.alike(t, op, who, call)
		}
	}
}

// socket is closed to who has no session, or none any more.
func (w *walk) socket(t *testing.T, op httpapi.Op) {
	for _, who := range w.attackers {
		if reply := who.b.JSON(op.Method, op.Path, nil); (reply.Status == http.StatusUnauthorized) != !w.inside(who) {
			t.Errorf("%s answers %s with %d", op.ID, who.name, reply.Status)
		}
	}
}

// inside says whether an attacker can sign in at all.
func (w *walk) inside(who *actor) bool {
	return who.b.JSON(http.MethodGet, "/me", nil).Status == http.StatusOK
}

// theirs says whether the first object of the path is one that the attacker may see.
func (w *walk) theirs(op httpapi.Op, who *actor) bool {
	segment := segments(op.Path)[0].before
	return segment == "approval-forms" || slices.Contains(w.openTo[segment], who.name)
}

// alike compares the answer for somebody else's object with that for one that is not there.
func (w *walk) alike(t *testing.T, op httpapi.Op, who *actor, call request) {
	foreign := w.send(who, op, call)
	missing := w.send(who, op, call.missing())
	if foreign.Status != missing.Status || answer(foreign.Body) != answer(missing.Body) {
		t.Errorf("%s tells %s whether the object is there: %d %s, and for a missing one %d %s", op.ID, who.name,
			foreign.Status, foreign.Body, missing.Status, missing.Body)
	}
}

var (
	requestIDs = regexp.MustCompile(`,?"requestId":"[^"]*"`)
	anyID      = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
)

// answer is a body without what differs between any two requests.
func answer(body string) string {
	return anyID.ReplaceAllString(requestIDs.ReplaceAllString(body, ""), "id")
}

// listen looks for secret words in everything that came back.
func (w *walk) listen(t *testing.T, op httpapi.Op, who *actor, reply officetest.Reply) {
	heard := reply.Body + fmt.Sprint(reply.Header)
	for word, kind := range w.secrets {
		if strings.Contains(heard, word) && !slices.Contains(w.openTo[kind], who.name) {
			t.Errorf("%s gives %s the secret of one of the %s: %d %s", op.ID, who.name, kind, reply.Status, reply.Body)
		}
	}
}

// lists is what the attackers get from all operations that read and need no id.
func (w *walk) lists(ops []httpapi.Op) map[string]string {
	out := map[string]string{}
	for _, op := range ops {
		if op.Method != http.MethodGet || strings.Contains(op.Path, "{") || w.operation(op) == nil || w.examples[op.ID].varies {
			continue
		}
		for _, who := range w.attackers {
			call, err := w.build(op, who, nil)
			if err != nil {
				continue // attack tells
			}
			reply := w.send(who, op, call)
			// What all who work here may see does change.
			if segment := strings.Split(op.Path, "/")[1]; !slices.Contains(w.openTo[segment], who.name) {
				out[op.ID+" as "+who.name] = fmt.Sprintf("%d %s", reply.Status, requestIDs.ReplaceAllString(reply.Body, ""))
			}
		}
	}
	return out
}

// entitled finds somebody to whom the operation answers well, each time with objects
// made for it.
func (w *walk) entitled(t *testing.T, op httpapi.Op) {
	if w.operation(op) == nil {
		return
	}
	var refusals []string
	for _, who := range w.entitledTo(op) {
		call, err := w.build(op, who, w.make)
		if err != nil {
			t.Errorf("%s: cannot build a request: %v", op.ID, err)
			return
		}
		if first := w.examples[op.ID].first; first != nil {
			first(w, call.params)
		}
		reply := w.send(who, op, call)
		if reply.Status >= 200 && reply.Status < 300 {
			return
		}
		refusals = append(refusals, fmt.Sprintf("%s %d %s", who.name, reply.Status, reply.Body))
	}
	t.Errorf("%s %s answers nobody well: %s", op.Method, op.Path, strings.Join(refusals, "\n\t"))
}

// send calls an operation.
func (w *walk) send(who *actor, op httpapi.Op, call request) officetest.Reply {
	w.t.Helper()
	path := op.Path
	for name, id := range call.params {
		path = strings.ReplaceAll(path, "{"+name+"}", id)
	}
	if len(call.query) > 0 {
		path += "?" + call.query.Encode()
	}
	headers := []officetest.Header{officetest.H("If-Match", "*")}
	if call.raw != nil {
		headers = append(headers, officetest.H("Content-Type", "application/octet-stream"))
		return who.b.Do(op.Method, httpapi.Prefix+path, call.raw, headers...)
	}
	if call.body == nil {
		return who.b.JSON(op.Method, path, nil, headers...)
	}
	raw, err := json.Marshal(call.body)
	if err != nil {
		w.t.Fatal(err)
	}
	headers = append(headers, officetest.H("Content-Type", "application/json"))
	return who.b.Do(op.Method, httpapi.Prefix+path, raw, headers...)
}
