//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"
)

const (
	// openPages are spread over two pods: that all come to one of them is one chance in two thousand.
	openPages = 12
	hearLimit = 20 * time.Second
)

// TestReplicasHearEachOther opens pages of one person that end up at both pods of a
// company: each hears of a message that one of the pods stored, and of the end of the
// session, which ends them all.
func TestReplicasHearEachOther(t *testing.T) {
	apply(t, twoReplicas)
	c := fresh(t, "chorus", "双生科技有限公司")
	c.plan = "e2e-pair"
	onboard(t, c)
	admin := c.activate(t)
	pages := make([]*page, openPages)
	for i := range pages {
		pages[i] = admin.openPage(t)
	}
	room := uuid.Must(uuid.NewV7()).String()
	var made json.RawMessage
	admin.post(t, "/api/v1/rooms", fmt.Appendf(nil, `{"id":%q,"kind":"group","name":"两处","memberIds":[]}`, room), &made)
	for i, p := range pages {
		p.await(t, i, "a room that its person is in", func(frame string) bool { return strings.Contains(frame, room) })
	}
	message := uuid.Must(uuid.NewV7()).String()
	admin.post(t, "/api/v1/rooms/"+room+"/messages", fmt.Appendf(nil, `{"id":%q,"kind":"text","text":"两处都听得到"}`, message), &made)
	for i, p := range pages {
		p.await(t, i, "the message", func(frame string) bool {
			return strings.Contains(frame, room) && strings.Contains(frame, `"seq"`)
		})
	}
	if a, err := admin.send(t.Context(), http.MethodPost, "/api/v1/sign-out", "", "application/json", nil); err != nil || a.status/100 != 2 {
		t.Fatalf("sign out: %v %+v", err, a)
	}
	for i, p := range pages {
		p.await(t, i, "the end of its session", func(frame string) bool { return strings.Contains(frame, `"session"`) })
	}
}

// page is an open page of somebody who is signed in, as far as it hears.
type page struct{ frames chan string }

func (v *visitor) openPage(t testing.TB) *page {
	t.Helper()
	cookies := make([]string, 0, len(v.cookies))
	for name, value := range v.cookies {
		cookies = append(cookies, name+"="+value)
	}
	conn, reply, err := websocket.Dial(t.Context(), v.origin+"/api/v1/live", &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: v.client.Transport},
		HTTPHeader: http.Header{"Origin": {v.origin}, "Cookie": {strings.Join(cookies, "; ")}},
	})
	if err != nil {
		t.Fatalf("open a page: %v (%v)", err, reply)
	}
	conn.SetReadLimit(1 << 20)
	p := &page{frames: make(chan string, 1024)}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	t.Cleanup(func() { cancel(); _ = conn.CloseNow() })
	go func() {
		defer close(p.frames)
		for {
			_, raw, err := conn.Read(ctx)
			if err != nil {
				return
			}
			p.frames <- string(bytes.TrimSpace(raw))
		}
	}()
	p.await(t, 0, "its greeting", func(frame string) bool { return strings.Contains(frame, `"hello"`) })
	return p
}

// await reads until a frame is as asked.
func (p *page) await(t testing.TB, number int, what string, is func(frame string) bool) {
	t.Helper()
	limit := time.After(hearLimit)
	for {
		select {
		case frame, open := <-p.frames:
			if open && is(frame) {
				return
			}
			if !open {
				t.Fatalf("page %d was closed before it heard of %s", number, what)
			}
		case <-limit:
			t.Fatalf("page %d has not heard of %s within %s", number, what, hearLimit)
		}
	}
}
