package office_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
)

// gate sends the company's text messages, and remembers them by the number.
type gate struct {
	url string

	mu   sync.Mutex
	sent map[string][]string
	last string
}

func (g *gate) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	var call struct{ To, Title, Text string }
	_ = json.Unmarshal(raw, &call)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sent[call.To] = append(g.sent[call.To], string(raw))
	g.last = call.Text
}

var sixDigits = regexp.MustCompile(`\d{6}`)

// code is that of the last message.
func (g *gate) code() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return sixDigits.FindString(g.last)
}

// openGate lets the company send text messages.
func (w *walk) openGate() {
	w.t.Helper()
	w.gate = &gate{sent: map[string][]string{}}
	server := httptest.NewServer(w.gate)
	w.t.Cleanup(server.Close)
	w.gate.url = server.URL
	at, err := url.Parse(server.URL)
	if err != nil {
		w.t.Fatal(err)
	}
	port, err := strconv.Atoi(at.Port())
	if err != nil {
		w.t.Fatal(err)
	}
	w.o.Change(func(s *contract.Settings) {
		s.Egress = append(s.Egress, contract.EgressRule{CIDR: "127.0.0.0/8", Ports: []int32{int32(port)}})
	})
	w.admin.b.JSON(http.MethodPut, "/notice-senders", w.senders()).Want(http.StatusOK)
}

func (w *walk) senders() map[string]any {
	return map[string]any{"hooks": map[string]any{"sms": map[string]any{"url": w.gate.url, "secret": "a-secret-of-the-walk"}}}
}

func noQuiet() map[string]any { return map[string]any{"quietFrom": "00:00", "quietTo": "00:00"} }

// phone is a number of its own.
func (w *walk) phone() string {
	w.phones++
	return "+861370000" + strconv.Itoa(1000+w.phones)
}

// try has a code sent to somebody, and gives their number.
func (w *walk) try(who *actor) string {
	w.t.Helper()
	number := w.phone()
	who.b.JSON(http.MethodPost, "/me/channels/sms/test", map[string]any{"address": number})
	return number
}

// calls are what goes out of the company to people who do not look: those whom a message
// does not concern get nothing of it.
func (w *walk) calls(t *testing.T) {
	numbers := map[*actor]string{}
	everybody := append([]*actor{w.colleague}, w.attackers...)
	w.o.Wait(time.Hour) // codes are not sent one after another
	for _, who := range everybody {
		if who.b.Token() == "" {
			continue
		}
		numbers[who] = w.try(who)
		who.b.JSON(http.MethodPost, "/me/channels/sms/confirm", map[string]any{"code": w.gate.code()})
		who.b.JSON(http.MethodPut, "/me/quiet-hours", noQuiet())
	}
	word := w.word("messages")
	w.says(w.clerk, w.room, word)
	w.standing()
	for range 3 {
		w.o.Wait(10 * time.Minute)
		w.o.Settle(t)
	}
	w.gate.mu.Lock()
	defer w.gate.mu.Unlock()
	if heard := strings.Join(w.gate.sent[numbers[w.colleague]], " "); !strings.Contains(heard, word) {
		t.Errorf("the colleague is not called for an urgent message: the test proves nothing: %s", heard)
	}
	for _, who := range w.attackers {
		for _, call := range w.gate.sent[numbers[who]] {
			w.listen(t, httpapi.Op{ID: "a text message"}, who, officetest.Reply{Body: call})
		}
	}
}
