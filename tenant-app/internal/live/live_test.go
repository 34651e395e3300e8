package live_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"atrium.dev/atrium/tenant-app/internal/auth"
	"atrium.dev/atrium/tenant-app/internal/chat"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
	"github.com/coder/websocket"
)

type object map[string]any

func group(t testing.TB, b *officetest.Browser, people ...kernel.ID) kernel.ID {
	t.Helper()
	id := kernel.NewID()
	b.JSON(http.MethodPost, "/rooms", object{"id": id, "kind": "group", "name": "项目组", "memberIds": people}).Want(http.StatusCreated)
	return id
}

func say(b *officetest.Browser, room kernel.ID, text string) kernel.ID {
	id := kernel.NewID()
	b.JSON(http.MethodPost, "/rooms/"+room.String()+"/messages", object{"id": id, "kind": "text", "text": text}).Want(http.StatusCreated)
	return id
}

func isMessage(id kernel.ID) func(officetest.Frame) bool {
	return func(f officetest.Frame) bool { return f.T == "hint" && f.Kind == "message" && f.ID == id }
}

func TestMessagesArriveInOrder(t *testing.T) {
	o := officetest.Start(t)
	admin := o.Administrator(t)
	id, li := admin.Staff(auth.NewPerson{Name: "李娜", StaffNo: "B1"})
	room := group(t, admin, id)
	phone, desk := li.Live(), li.Live()
	if phone.Hello.Rooms[room] != 1 {
		t.Errorf("the cursors are %v", phone.Hello.Rooms)
	}
	var sent []kernel.ID
	for i := range 50 {
		sent = append(sent, say(admin, room, fmt.Sprint(i)))
	}
	for _, stream := range []*officetest.Stream{phone, desk} {
		for i, want := range sent {
			f := stream.Await("a message", func(f officetest.Frame) bool { return f.Kind == "message" })
			var m chat.Message
			if err := json.Unmarshal(f.Data, &m); err != nil || f.ID != want || f.Seq != int64(i+2) || m.Text != fmt.Sprint(i) || m.Author.Name != "王芳" {
				t.Fatalf("number %d is %+v (%v)", i, f, err)
			}
		}
	}
	// A page that was away finds its place by the cursors.
	if again := li.Live(); again.Hello.Rooms[room] != 51 {
		t.Errorf("the cursors are %v", again.Hello.Rooms)
	}
}

// Whoever is taken out of a room hears nothing more of it from that moment on.
func TestLeavingClosesTheRoomAtOnce(t *testing.T) {
	o := officetest.Start(t)
	admin := o.Administrator(t)
	id, li := admin.Staff(auth.NewPerson{Name: "李娜", StaffNo: "B1"})
	room, other := group(t, admin, id), group(t, admin, id)
	stream := li.Live()
	stays := say(admin, room, "还在")
	stream.Await("a message", isMessage(stays))
	admin.JSON(http.MethodDelete, "/rooms/"+room.String()+"/members/"+id.String(), nil).Want(http.StatusNoContent)
	gone := say(admin, room, "走了")
	end := say(admin, other, "别处")
	for {
		f := stream.Next()
		if f.ID == gone || strings.Contains(string(f.Data), "走了") {
			t.Fatalf("after leaving came %+v", f)
		}
		if f.ID == end {
			break
		}
	}
	admin.JSON(http.MethodPost, "/rooms/"+room.String()+"/members", object{"personIds": []kernel.ID{id}}).Want(http.StatusOK)
	stream.Await("a message after the return", isMessage(say(admin, room, "回来")))
}

// A session that ends takes its stream along; the person's others stay.
func TestASessionsEndClosesItsStream(t *testing.T) {
	o := officetest.Start(t)
	admin := o.Administrator(t)
	id, li := admin.Staff(auth.NewPerson{Name: "李娜", StaffNo: "B1"})
	room := group(t, admin, id)
	phone := o.Browser(t)
	phone.SignIn("B1", officetest.Password).Want(http.StatusSeeOther)
	desk, pocket := li.Live(), phone.Live()
	phone.JSON(http.MethodPost, "/sign-out", nil).Want(http.StatusNoContent)
	secret := say(admin, room, "签退之后")
	frames := pocket.Drain()
	if len(frames) == 0 || frames[len(frames)-1].Reason != "session" {
		t.Errorf("the stream ends with %+v", frames)
	}
	if slices.ContainsFunc(frames, func(f officetest.Frame) bool { return f.ID == secret }) {
		t.Error("a message arrives after signing out")
	}
	desk.Await("a message", isMessage(secret))
	admin.JSON(http.MethodPost, "/people/"+id.String()+"/deactivate", nil, officetest.H("If-Match", "*")).Want(http.StatusOK)
	if frames := desk.Drain(); frames[len(frames)-1].Reason != "session" {
		t.Errorf("the stream of somebody who left ends with %+v", frames)
	}
}

func dial(t testing.TB, o *officetest.Office, b *officetest.Browser, origin string) (*websocket.Conn, *http.Response) {
	t.Helper()
	header := http.Header{"Cookie": {"__Host-atrium=" + b.Token()}}
	if origin != "" {
		header.Set("Origin", origin)
	}
	conn, reply, _ := websocket.Dial(t.Context(), o.URL+"/api/v1/live", &websocket.DialOptions{HTTPClient: o.Client(), HTTPHeader: header})
	if conn != nil {
		t.Cleanup(func() { _ = conn.CloseNow() })
	}
	return conn, reply
}

func TestOnlyTheCompanysOwnPageListens(t *testing.T) {
	o := officetest.Start(t)
	admin := o.Administrator(t)
	for origin, status := range map[string]int{o.URL: http.StatusSwitchingProtocols, "": http.StatusForbidden, "https://other.example.com": http.StatusForbidden, "null": http.StatusForbidden} {
		if _, reply := dial(t, o, admin, origin); reply == nil || reply.StatusCode != status {
			t.Errorf("from %q: %+v, want %d", origin, reply, status)
		}
	}
	if _, reply := dial(t, o, o.Browser(t), o.URL); reply == nil || reply.StatusCode != http.StatusUnauthorized {
		t.Errorf("signed out: %+v", reply)
	}
	admin.Get("/api/v1/live", officetest.H("Origin", o.URL)).Want(http.StatusUpgradeRequired)
}

func TestAPageThatTalksTooMuchIsSentAway(t *testing.T) {
	o := officetest.Start(t)
	admin := o.Administrator(t)
	for name, talk := range map[string]func(*websocket.Conn) error{
		"a huge frame": func(c *websocket.Conn) error { return c.Write(t.Context(), websocket.MessageText, make([]byte, 4096)) },
		"many frames": func(c *websocket.Conn) (err error) {
			for range 40 {
				err = c.Write(t.Context(), websocket.MessageText, []byte(`{}`))
			}
			return err
		},
		"bad UTF-8": func(c *websocket.Conn) (err error) {
			for range 40 {
				err = c.Write(t.Context(), websocket.MessageText, []byte{0xff, 0xfe})
			}
			return err
		},
	} {
		conn, _ := dial(t, o, admin, o.URL)
		_ = talk(conn) // the server may have closed by then
		var err error
		for err == nil {
			_, _, err = conn.Read(t.Context())
		}
		if code := websocket.CloseStatus(err); code != websocket.StatusPolicyViolation && code != websocket.StatusMessageTooBig {
			t.Errorf("%s: the stream ends with %v", name, err)
		}
	}
	var oldest *officetest.Stream
	for i := range 17 {
		if s := admin.Live(); i == 0 {
			oldest = s
		}
	}
	if frames := oldest.Drain(); len(frames) == 0 || frames[len(frames)-1].Reason != "limit" {
		t.Errorf("the first of too many pages ends with %+v", frames)
	}
}

// A page that does not read is sent away, and holds nobody up.
func TestAPageThatDoesNotReadIsSentAway(t *testing.T) {
	o := officetest.Start(t)
	admin := o.Administrator(t)
	id, li := admin.Staff(auth.NewPerson{Name: "李娜", StaffNo: "B1"})
	room := group(t, admin, id)
	deaf, _ := dial(t, o, li, o.URL)
	if _, _, err := deaf.Read(t.Context()); err != nil { // the hello, and nothing after it
		t.Fatal(err)
	}
	stream := li.Live()
	long := strings.Repeat("长", 9_000)
	for range 300 {
		say(admin, room, long)
	}
	stream.Await("a message", isMessage(say(admin, room, "最后")))
	deaf.SetReadLimit(1 << 20)
	read := 0
	for {
		_, raw, err := deaf.Read(t.Context())
		if err != nil {
			break
		}
		read += len(raw)
	}
	if all := 300 * len(long); read >= all {
		t.Errorf("a page that did not read got all %d bytes", all)
	}
}

func TestDrainSaysWhenToComeBack(t *testing.T) {
	o := officetest.Start(t)
	admin := o.Administrator(t)
	waits := map[int64]bool{}
	var streams []*officetest.Stream
	for range 8 {
		streams = append(streams, admin.Live())
	}
	o.App.Live.Drain()
	for _, s := range streams {
		frames := s.Drain()
		last := frames[len(frames)-1]
		if last.T != "bye" || last.Reason != "drain" || last.After >= 8000 {
			t.Errorf("the stream ends with %+v", last)
		}
		waits[last.After] = true
	}
	if len(waits) < 2 {
		t.Error("all come back at the same moment")
	}
	if _, reply := dial(t, o, admin, o.URL); reply == nil || reply.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a replica that ends lets somebody in: %+v", reply)
	}
}
