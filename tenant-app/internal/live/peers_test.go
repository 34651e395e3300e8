package live_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/auth"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/live"
	"atrium.dev/atrium/tenant-app/internal/office"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
	"atrium.dev/atrium/tenant-app/internal/store/storetest"
	"atrium.dev/atrium/test/env"
)

// network is how the replicas of these tests find each other: replica n is found at
// 127.0.0.n, where a proxy stands that can be cut, and listens at 127.0.1.n.
type network struct {
	port int

	mu    sync.Mutex
	found []string
	cut   bool
	open  map[net.Conn]bool
	tries atomic.Int64
}

func newNetwork(t *testing.T) *network {
	port, err := env.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return &network{port: port, open: map[net.Conn]bool{}}
}

func (n *network) at(address string) string { return fmt.Sprintf("%s:%d", address, n.port) }

// join lets a replica be found.
func (n *network) join(t *testing.T, number int) (found, listen string) {
	t.Helper()
	found, listen = fmt.Sprintf("127.0.0.%d", number), fmt.Sprintf("127.0.1.%d", number)
	door, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", n.at(found))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = door.Close(); n.setCut(true) })
	go func() {
		for {
			in, err := door.Accept()
			if err != nil {
				return
			}
			go n.carry(in, n.at(listen))
		}
	}()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.found = append(n.found, found)
	return found, listen
}

func (n *network) carry(in net.Conn, to string) {
	defer func() { _ = in.Close() }()
	out, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer func() { _ = out.Close() }()
	n.mu.Lock()
	n.open[in], n.open[out] = true, true
	cut := n.cut
	n.mu.Unlock()
	if cut {
		return
	}
	go func() { _, _ = io.Copy(out, in); _ = out.Close() }()
	_, _ = io.Copy(in, out)
	n.tries.Add(1)
}

// setCut ends what goes through now and lets nothing through, or all.
func (n *network) setCut(cut bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cut = cut
	for conn := range n.open {
		_ = conn.Close()
		delete(n.open, conn)
	}
}

func (n *network) lookup(context.Context, string) ([]string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]string(nil), n.found...), nil
}

// bus of a replica that runs until the test ends.
func (n *network) bus(t *testing.T, number int, secret *atomic.Pointer[[]byte]) *live.Peers {
	t.Helper()
	found, listen := n.join(t, number)
	bus := live.NewPeers(live.PeersConfig{
		Settings: func() contract.Settings {
			return contract.Settings{Peers: &contract.Peers{Host: "office-peers", Port: n.port}}
		},
		Keys:   func() contract.Keys { return contract.Keys{Peers: *secret.Load()} },
		Listen: listen, Own: func() ([]string, error) { return []string{found}, nil }, Lookup: n.lookup,
		Log: slog.New(slog.DiscardHandler),
	})
	return bus
}

func run(t testing.TB, bus *live.Peers) {
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan struct{})
	go func() { defer close(ended); bus.Run(ctx) }()
	t.Cleanup(func() { stop(); <-ended })
}

func secretOf(b byte) *atomic.Pointer[[]byte] {
	var p atomic.Pointer[[]byte]
	p.Store(new(bytes.Repeat([]byte{b}, contract.KeySize)))
	return &p
}

type replica struct {
	*officetest.Office

	bus *live.Peers
}

// pair starts two replicas of one company that hear each other.
func pair(t *testing.T) (a, b replica, n *network) {
	t.Helper()
	n = newNetwork(t)
	tenant, secret := storetest.New(t), secretOf(1)
	for i, r := range []*replica{&a, &b} {
		r.bus = n.bus(t, i+2, secret)
		r.Office = officetest.StartIn(t, tenant, func(_ testing.TB, _ *officetest.Office, p *office.Parts) { p.Bus = r.bus })
		run(t, r.bus)
	}
	await(t, "both to hear each other", func() bool { return !a.bus.Doubts() && !b.bus.Doubts() && a.bus.Ready() && b.bus.Ready() })
	return a, b, n
}

func await(t testing.TB, what string, is func() bool) {
	t.Helper()
	for limit := time.Now().Add(time.Minute); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("after a minute still waiting for %s", what)
		}
	}
}

// signIn opens a browser of a person at a replica.
func (r replica) signIn(t *testing.T, name string) *officetest.Browser {
	t.Helper()
	b := r.Browser(t)
	b.SignIn(name, officetest.Password).Want(http.StatusSeeOther)
	return b
}

// signOut ends the session of a browser through this replica.
func (r replica) signOut(t *testing.T, of *officetest.Browser) {
	t.Helper()
	b := r.Browser(t)
	b.Steal(of.Token())
	b.JSON(http.MethodPost, "/sign-out", nil).Want(http.StatusNoContent)
}

// silentUntil waits for a message and fails if anything of a room comes before.
func silentUntil(t *testing.T, s *officetest.Stream, room, message kernel.ID) {
	t.Helper()
	s.Await("the message after", func(f officetest.Frame) bool {
		if _, told := f.Rooms[room]; told || f.Room == room {
			t.Errorf("of a room that was left came %+v", f)
		}
		return isMessage(message)(f)
	})
}

// endsBefore waits for the end of a stream, which must come before a message, and gives
// its last frame.
func endsBefore(t *testing.T, s *officetest.Stream, message kernel.ID, reason string) (last officetest.Frame) {
	t.Helper()
	for f := s.Next(); f.T != ""; f = s.Next() {
		if last = f; isMessage(message)(f) {
			t.Fatalf("a stream that should end with %q brings %+v", reason, f)
		}
	}
	if last.T != "bye" || last.Reason != reason {
		t.Errorf("the stream ends with %+v, want %q", last, reason)
	}
	return last
}

func TestReplicasTellEachOther(t *testing.T) {
	a, b, _ := pair(t)
	admin := a.Administrator(t)
	id, _ := admin.Staff(auth.NewPerson{Name: "李娜", StaffNo: "B1"})
	room, other := group(t, admin, id), group(t, admin, id)
	adminB, li := b.signIn(t, "A001"), b.signIn(t, "B1")
	stream := li.Live()
	var sent []kernel.ID
	for i := range 20 {
		sent = append(sent, say(admin, room, fmt.Sprint(i)))
	}
	for i, want := range sent {
		f := stream.Await("a message of the other replica", func(f officetest.Frame) bool { return f.Kind == "message" })
		if f.ID != want || f.Seq != int64(i+2) || len(f.Data) != 0 {
			t.Fatalf("number %d is %+v", i, f)
		}
	}
	// A leaving through one replica counts at the other, whoever speaks then.
	admin.JSON(http.MethodDelete, "/rooms/"+room.String()+"/members/"+id.String(), nil).Want(http.StatusNoContent)
	stream.Await("the leaving", func(f officetest.Frame) bool { return f.Kind == "room" && f.ID == room })
	say(admin, room, "走了")
	silentUntil(t, stream, room, say(admin, other, "别处"))
	say(adminB, room, "走了")
	silentUntil(t, stream, room, say(adminB, other, "别处"))
	a.signOut(t, li)
	endsBefore(t, stream, say(admin, other, "签退之后"), "session")
}

// While replicas do not hear each other, what one does counts at the other all the same;
// when they hear each other again, pages compare their cursors.
func TestReplicasThatAreCutOffLeakNothing(t *testing.T) {
	a, b, n := pair(t)
	admin := a.Administrator(t)
	id, _ := admin.Staff(auth.NewPerson{Name: "李娜", StaffNo: "B1"})
	room, other := group(t, admin, id), group(t, admin, id)
	adminB, li, phone := b.signIn(t, "A001"), b.signIn(t, "B1"), b.signIn(t, "B1")
	stream, pocket := li.Live(), phone.Live()
	n.setCut(true)
	await(t, "both to miss each other", func() bool { return a.bus.Doubts() && b.bus.Doubts() })

	admin.JSON(http.MethodDelete, "/rooms/"+room.String()+"/members/"+id.String(), nil).Want(http.StatusNoContent)
	a.signOut(t, phone)
	say(adminB, room, "走了")
	elsewhere := say(adminB, other, "别处")
	silentUntil(t, stream, room, elsewhere)
	endsBefore(t, pocket, elsewhere, "session")
	say(admin, other, "那边")
	stream.Await("the cursor of what was said over there", func(f officetest.Frame) bool { return f.T == "beat" && f.Rooms[other] == 3 })

	n.setCut(false)
	await(t, "both to hear each other", func() bool { return !a.bus.Doubts() && !b.bus.Doubts() })
	if bye := endsBefore(t, stream, say(admin, other, "又好了"), "resync"); bye.After >= 8000 {
		t.Errorf("a page is to come back after %d ms", bye.After)
	}
	again := li.Live()
	if _, in := again.Hello.Rooms[room]; in || again.Hello.Rooms[other] != 4 {
		t.Errorf("the cursors are %v", again.Hello.Rooms)
	}
	silentUntil(t, again, room, say(admin, other, "以后"))
}

func TestAReplicaWithAnotherSecretIsRefused(t *testing.T) {
	n := newNetwork(t)
	ours, theirs := secretOf(1), secretOf(2)
	a, b := n.bus(t, 2, ours), n.bus(t, 3, theirs)
	var heard atomic.Int64
	for _, bus := range []*live.Peers{a, b} {
		bus.Subscribe(func(s live.Signal) {
			if s.Kind == "hint" {
				heard.Add(1)
			}
		})
		run(t, bus)
	}
	await(t, "some attempts", func() bool { return n.tries.Load() >= 4 || a.Ready() })
	a.Publish(live.Signal{Kind: "hint"})
	tries := n.tries.Load()
	await(t, "more attempts", func() bool { return n.tries.Load() >= tries+2 || a.Ready() })
	if !a.Doubts() || !b.Doubts() || heard.Load() != 1 {
		t.Errorf("with another secret: a in doubt %v, b %v, heard %d", a.Doubts(), b.Doubts(), heard.Load())
	}
	theirs.Store(ours.Load())
	await(t, "both to hear each other", func() bool { return !a.Doubts() && !b.Doubts() })
	a.Publish(live.Signal{Kind: "hint"})
	await(t, "the other to hear", func() bool { return heard.Load() == 3 })
}

// Nothing listens while the settings name no peers, and nothing does again afterwards.
func TestOneReplicaOpensNoPort(t *testing.T) {
	n := newNetwork(t)
	var peers atomic.Pointer[contract.Peers]
	var asked atomic.Int64
	bus := live.NewPeers(live.PeersConfig{
		Settings: func() contract.Settings { asked.Add(1); return contract.Settings{Peers: peers.Load()} },
		Keys:     func() contract.Keys { return contract.Keys{Peers: *secretOf(1).Load()} },
		Listen:   "127.0.0.1", Own: func() ([]string, error) { return []string{"127.0.0.1"}, nil },
		Lookup: func(context.Context, string) ([]string, error) { return []string{"127.0.0.1"}, nil },
		Log:    slog.New(slog.DiscardHandler),
	})
	bus.Subscribe(func(live.Signal) {})
	run(t, bus)
	free := func() bool {
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", n.at("127.0.0.1"))
		if err == nil {
			_ = l.Close()
		}
		return err == nil
	}
	await(t, "it to read the settings twice", func() bool { return asked.Load() > 2 })
	if !free() || !bus.Ready() || bus.Doubts() {
		t.Errorf("one replica: port free %v, ready %v, in doubt %v", free(), bus.Ready(), bus.Doubts())
	}
	peers.Store(&contract.Peers{Host: "office-peers", Port: n.port})
	await(t, "it to listen", func() bool { return bus.Ready() && !bus.Doubts() && !free() })
	peers.Store(nil)
	await(t, "it to listen no more", free)
}
