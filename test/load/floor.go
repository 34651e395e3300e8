package load

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/google/uuid"
)

// hubVariable makes this program a bare hub that listens on the address in it.
const hubVariable = "LOAD_BARE_HUB"

// bareHub passes what is posted to it to every socket: the least that a chat can do.
func bareHub(address string) error {
	var mu sync.Mutex
	pages := map[chan []byte]bool{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /", func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		mu.Lock()
		for page := range pages {
			page <- raw
		}
		mu.Unlock()
		w.WriteHeader(http.StatusCreated)
	})
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
		if err != nil {
			return
		}
		page := make(chan []byte, 256)
		mu.Lock()
		pages[page] = true
		mu.Unlock()
		ctx := conn.CloseRead(context.WithoutCancel(r.Context()))
		page <- []byte(`{"t":"hello"}`)
		for {
			select {
			case <-ctx.Done():
				mu.Lock()
				delete(pages, page)
				mu.Unlock()
				return
			case raw := <-page:
				if conn.Write(ctx, websocket.MessageText, raw) != nil {
					continue // until the read side sees it
				}
			}
		}
	})
	return (&http.Server{Addr: address, Handler: mux, ReadHeaderTimeout: time.Minute}).ListenAndServe()
}

// startHub runs a bare hub as a process of its own and gives its address.
func startHub(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	address := listener.Addr().String()
	must(t, listener.Close())
	program, err := os.Executable()
	must(t, err)
	hub := exec.Command(program)
	hub.Env = append(os.Environ(), hubVariable+"="+address)
	must(t, hub.Start())
	t.Cleanup(func() { _ = hub.Process.Kill(); _ = hub.Wait() })
	for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			must(t, conn.Close())
			return address
		}
		if time.Now().After(end) {
			t.Fatal("the bare hub does not listen")
		}
	}
}

// plainInserts stores rows like messages one by one, over so many connections: what
// pgbench would do. It gives how many it stored in a time.
func (o *office) plainInserts(writers int, during time.Duration) int {
	o.t.Helper()
	config, err := pgxpool.ParseConfig(o.dsn)
	must(o.t, err)
	config.MaxConns = int32(writers)
	pool, err := pgxpool.NewWithConfig(o.t.Context(), config)
	must(o.t, err)
	defer pool.Close()
	_, err = pool.Exec(o.t.Context(), `CREATE TABLE IF NOT EXISTS public.plain (id uuid PRIMARY KEY, room_id uuid NOT NULL, seq bigserial, author_id uuid NOT NULL, text text NOT NULL, at timestamptz NOT NULL);
		CREATE INDEX IF NOT EXISTS plain_room ON public.plain (room_id, seq)`)
	must(o.t, err)
	rooms := []uuid.UUID{}
	for range 8 {
		rooms = append(rooms, newID())
	}
	return closed(writers, during, func(writer, n int) error {
		_, err := pool.Exec(o.t.Context(), `INSERT INTO public.plain (id, room_id, author_id, text, at) VALUES ($1, $2, $3, $4, now())`,
			newID(), rooms[n%len(rooms)], o.people[writer].id, "今天下午三点在二楼会议室开会，请各位准时参加。")
		if err != nil {
			o.t.Errorf("insert: %v", err)
		}
		return err
	})
}

// closed runs writers that each begin anew when the last is done, and counts.
func closed(writers int, during time.Duration, do func(writer, n int) error) int {
	var all sync.WaitGroup
	counts := make([]int, writers)
	end := time.Now().Add(during)
	for w := range writers {
		all.Go(func() {
			for n := 0; time.Now().Before(end); n++ {
				if do(w, n) != nil {
					return
				}
				counts[w]++
			}
		})
	}
	all.Wait()
	total := 0
	for _, n := range counts {
		total += n
	}
	return total
}

// openLoop begins something at an even pace, whether or not the former is done, and
// gives how long after its due time each took.
func openLoop(count, perSecond int, do func(n int) error) ([]time.Duration, error) {
	took, errs := make([]time.Duration, count), make(chan error, count)
	var all sync.WaitGroup
	begin := time.Now()
	for n := range count {
		due := begin.Add(time.Duration(n) * time.Second / time.Duration(perSecond))
		time.Sleep(time.Until(due))
		all.Go(func() {
			if err := do(n); err != nil {
				errs <- err
			}
			took[n] = time.Since(due)
		})
	}
	all.Wait()
	close(errs)
	if err, failed := <-errs; failed {
		return took, fmt.Errorf("at least one of %d failed: %w", count, err)
	}
	return took, nil
}
