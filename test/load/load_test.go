package load

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

func TestMain(m *testing.M) {
	if address := os.Getenv(hubVariable); address != "" {
		fmt.Fprintln(os.Stderr, bareHub(address))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func at(took []time.Duration, part float64) time.Duration {
	slices.Sort(took)
	return took[min(int(float64(len(took))*part), len(took)-1)].Round(10 * time.Microsecond)
}

// Delivery, posting, switching rooms, coming back and holding still, beside their
// floors. LOAD=full takes the figures of docs/performance.md; CI looks at ratios and
// that nothing is lost.
func TestChat(t *testing.T) {
	o := start(t, scale(240, 2_000))
	room := o.room(o.people[:100])
	t.Run("deliver", func(t *testing.T) { o.deliver(t, room) })
	t.Run("saturate", func(t *testing.T) { o.saturate(t, room) })
	t.Run("post", o.posts)
	t.Run("switch", func(t *testing.T) { o.switching(t, room) })
	t.Run("come back", o.comeBack)
}

// deliver sends durable messages to a hundred members, 50 and 500 a second.
func (o *office) deliver(t *testing.T, room uuid.UUID) {
	for perSecond, seconds := range map[int]int{50: scale(2, 20), 500: scale(1, 5)} {
		var mu sync.Mutex
		due, waits := map[uuid.UUID]time.Time{}, []time.Duration{}
		pages, err := listen(t.Context(), "ws://"+o.Listen+"/api/v1/live", o.URL, o.people[:100], func(id uuid.UUID, at time.Time) {
			mu.Lock()
			defer mu.Unlock()
			waits = append(waits, at.Sub(due[id]))
		})
		must(t, err)
		count := perSecond * seconds
		ids := make([]uuid.UUID, count)
		begin := time.Now()
		for n := range ids {
			ids[n] = newID()
			due[ids[n]] = begin.Add(time.Duration(n) * time.Second / time.Duration(perSecond))
		}
		took, err := openLoop(count, perSecond, func(n int) error { return o.post(o.people[n%100], room, ids[n]) })
		must(t, err)
		if want := int64(count * 100); !pages.await(want, 30*time.Second) || pages.arrived.Load() != want {
			t.Errorf("%d a second: %d of %d messages arrived", perSecond, pages.arrived.Load(), want)
		}
		pages.close()
		t.Logf("%d messages a second to 100 members: delivered p50 %s, p99 %s; answered p50 %s, p99 %s",
			perSecond, at(waits, .5), at(waits, .99), at(took, .5), at(took, .99))
	}
}

// saturate posts as fast as a hundred pages take it, into the app and a bare hub.
func (o *office) saturate(t *testing.T, room uuid.UUID) {
	during, writers := time.Duration(scale(2, 10))*time.Second, 16
	rate := func(url, origin string, post func(writer, n int) error) float64 {
		pages, err := listen(t.Context(), url, origin, o.people[:100], nil)
		must(t, err)
		defer pages.close()
		begin := time.Now()
		sent := closed(writers, during, post)
		if !pages.await(int64(sent*100), 30*time.Second) {
			t.Errorf("%s: %d of %d deliveries", url, pages.arrived.Load(), sent*100)
		}
		return float64(pages.arrived.Load()) / time.Since(begin).Seconds()
	}
	app := rate("ws://"+o.Listen+"/api/v1/live", o.URL, func(writer, _ int) error {
		err := o.post(o.people[writer], room, newID())
		if err != nil {
			t.Error(err)
		}
		return err
	})
	_, page := o.do(o.people[0], http.MethodGet, "/rooms/"+room.String()+"/messages?limit=1", nil)
	frame, err := json.Marshal(map[string]any{"v": 1, "room": room, "data": json.RawMessage(page)})
	must(t, err)
	frame = append([]byte(`{"t":"hint","kind":"message","id":"`+newID().String()+`",`), frame[1:]...)
	address := startHub(t)
	bare := rate("ws://"+address, "http://"+address, func(int, int) error {
		answer, err := o.client.Post("http://"+address, "application/json", bytes.NewReader(frame))
		if err == nil {
			err = answer.Body.Close()
		}
		return err
	})
	t.Logf("%.0f deliveries a second, a bare hub %.0f: %.2f of it", app, bare, app/bare)
	if app < leastShare*bare {
		t.Errorf("%.0f deliveries a second are less than %.2f of a bare hub's %.0f", app, leastShare, bare)
	}
}

// leastShare is what CI holds of a bare hub's deliveries, beside other tests. 0.5 is
// wanted and reached on a quiet machine (docs/performance.md).
const leastShare = 0.25

// posts stores messages in one room and in eight, beside plain inserts.
func (o *office) posts(t *testing.T) {
	during, writers := time.Duration(scale(2, 10))*time.Second, 32
	rooms := []uuid.UUID{}
	for range 8 {
		rooms = append(rooms, o.room(o.people[:writers]))
	}
	plain := float64(o.plainInserts(writers, during))
	for _, spread := range []int{1, 8} {
		stored := closed(writers, during, func(writer, n int) error {
			err := o.post(o.people[writer], rooms[(writer+n)%spread], newID())
			if err != nil {
				t.Error(err)
			}
			return err
		})
		t.Logf("%d rooms: %.0f messages a second, plain inserts %.0f: %.2f of it", spread, float64(stored)/during.Seconds(), plain/during.Seconds(), float64(stored)/plain)
	}
}

// switching opens rooms at an even pace.
func (o *office) switching(t *testing.T, room uuid.UUID) {
	took, err := openLoop(100*scale(2, 10), 100, func(n int) error {
		status, answer := o.do(o.people[n%100], http.MethodGet, "/rooms/"+room.String()+"/messages", nil)
		if status != http.StatusOK {
			return fmt.Errorf("opening a room answers %d: %s", status, answer)
		}
		return nil
	})
	must(t, err)
	t.Logf("opening a room of 100 members, 100 a second: p50 %s, p99 %s", at(took, .5), at(took, .99))
}

// comeBack opens a page for everyone, as after a restart, and looks at the memory.
func (o *office) comeBack(t *testing.T) {
	before := o.rss()
	begin := time.Now()
	pages, err := listen(t.Context(), "ws://"+o.Listen+"/api/v1/live", o.URL, o.people, nil)
	must(t, err)
	defer pages.close()
	took := time.Since(begin)
	each := (o.rss() - before) / len(o.people)
	t.Logf("%d pages came back in %s; %.1f MB before, %.1f MB with them, %d bytes each",
		len(o.people), took.Round(time.Millisecond), float64(before)/1e6, float64(o.rss())/1e6, each)
}
