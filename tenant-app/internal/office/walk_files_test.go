package office_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
	"github.com/go-chi/chi/v5"
)

func newFile(name string, content []byte) map[string]any {
	sum := sha256.Sum256(content)
	return map[string]any{"id": kernel.NewID(), "kind": "chat-message", "name": name, "size": len(content), "sha256": hex.EncodeToString(sum[:])}
}

// fileInRoom is a file, with a word in its name and content, that the clerk sent to the
// colleague.
func (w *walk) fileInRoom(word string) kernel.ID {
	w.t.Helper()
	content := []byte("内容 " + word)
	id := w.by(w.clerk, "/files", newFile(word+".txt", content))
	w.clerk.b.Do(http.MethodPut, "/files/"+id.String()+"?offset=0", content).Want(http.StatusOK)
	w.by(w.clerk, "/rooms/"+w.room.String()+"/messages", map[string]any{"id": kernel.NewID(), "kind": "file", "fileIds": []kernel.ID{id}})
	return id
}

// day is a holiday of its own.
func (w *walk) day(word string) object {
	w.t.Helper()
	w.holidays++
	day := time.Date(2030, 1, w.holidays, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	w.admin.b.JSON(http.MethodPut, "/calendar/days/"+day, map[string]any{"workday": false, "name": word}).Want(http.StatusOK)
	return object{text: day}
}

// picture is the path of a colleague's picture.
func (w *walk) picture() string {
	path := "/people/" + w.colleague.id.String() + "/avatar"
	var person struct{ Avatar string }
	w.admin.b.Do(http.MethodPut, httpapi.Prefix+path, smallPicture(), officetest.H("If-Match", "*"),
		officetest.H("Content-Type", "application/octet-stream")).Want(http.StatusOK).Into(&person)
	return person.Avatar
}

// files tries what is served below /files: everything there needs a row here.
func (w *walk) files(t *testing.T) {
	file := "/files/" + w.fileInRoom(w.word("files")).String()
	known := map[string]string{"/files/avatars/{person}/{name}": w.picture(), "/files/{id}": file + "?offset=0", "/files/{id}/{name}": file + "/x.txt"}
	tried := 0
	_ = chi.Walk(w.o.App.Server.Router, func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if !strings.HasPrefix(route, "/files/") {
			return nil
		}
		path, ok := known[route]
		if !ok {
			t.Errorf("the walk knows no file below %s", route)
			return nil
		}
		tried++
		if reply := w.clerk.b.Do(method, path, nil); reply.Status != http.StatusOK {
			t.Errorf("%s %s answers the clerk with %d: %s", method, route, reply.Status, reply.Body)
		}
		for _, who := range w.attackers {
			foreign, missing := who.b.Do(method, path, nil), who.b.Do(method, anyID.ReplaceAllString(path, kernel.NewID().String()), nil)
			w.listen(t, httpapi.Op{ID: method + " " + route}, who, foreign)
			if foreign.Status < 400 || foreign.Status != missing.Status || answer(foreign.Body) != answer(missing.Body) {
				t.Errorf("%s %s answers %s with %d %s, and with %d %s for one that is not there", method, route, who.name,
					foreign.Status, foreign.Body, missing.Status, missing.Body)
			}
		}
		return nil
	})
	if tried < 3 {
		t.Errorf("only %d routes are below /files", tried)
	}
}

// frames are what open pages hear while others make new objects.
func (w *walk) frames(t *testing.T) {
	heard := w.clerk.b.Live()
	streams := map[*actor]*officetest.Stream{}
	for _, who := range w.attackers {
		if w.inside(who) {
			streams[who] = who.b.Live()
		}
	}
	if len(streams) != 2 {
		t.Fatalf("%d attackers can open a page, want 2: a guest and one of another department", len(streams))
	}
	made := w.standing()
	w.o.Wait(2 * time.Second)
	w.o.Settle(t)
	w.o.App.Live.Drain()
	room := made["rooms"].id
	if !slices.ContainsFunc(heard.Drain(), func(f officetest.Frame) bool { return f.Room == room || f.ID == room }) {
		t.Errorf("the clerk hears nothing of their own room: the test proves nothing")
	}
	for who, stream := range streams {
		for _, frame := range append(stream.Drain(), stream.Hello) {
			raw, err := json.Marshal(frame)
			if err != nil {
				t.Fatal(err)
			}
			w.listen(t, httpapi.Op{ID: "live"}, who, officetest.Reply{Body: string(raw)})
			for kind, o := range made {
				if strings.Contains(string(raw), o.name()) && !slices.Contains(w.openTo[kind], who.name) {
					t.Errorf("live tells %s of one of the %s: %s", who.name, kind, raw)
				}
			}
		}
	}
}
