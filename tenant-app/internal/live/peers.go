package live

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"atrium.dev/atrium/tenant-app/contract"
)

// maxUnsent is how many words wait for the wire. Whatever does not fit is dropped: a
// request never waits for another replica.
const maxUnsent = 4096

// findEvery is how many pulses pass between two questions where the others are.
const findEvery = 5

// PeersConfig is what the bus between replicas needs.
type PeersConfig struct {
	Settings func() contract.Settings
	Keys     func() contract.Keys
	Listen   string                   // address for other replicas; empty: all of this machine
	Own      func() ([]string, error) // addresses of this replica
	Lookup   func(ctx context.Context, host string) ([]string, error)
	Log      *slog.Logger
}

// Peers is the bus of a company that may have several replicas, in a process of which
// nothing is started while the settings name no peers. This replica's own signals are
// applied at once; the others hear them over NATS, by number, and each says every second
// how many there were.
//
// So a replica always knows whether it heard everything. While another cannot be heard
// (a cut network, a dead node, one that has not begun) somebody may be leaving a room or
// losing a session over there: this replica is in doubt, and the hub asks the database
// before it tells a page anything. When something was missed for good, all pages of this
// replica are sent away: they come back signed in anew, with the rooms and cursors of
// that moment. To send again what was missed would need a memory of it somewhere, and a
// page has to be able to come back anyway. What remains is the time until a silence is
// noticed (silentFor).
type Peers struct {
	config PeersConfig
	id     string

	mu    sync.Mutex
	hub   func(Signal)
	n     uint64 // of the last signal of this replica
	heard *heard
	doubt bool
	out   chan []byte // to the wire; nil while there is none

	began time.Time
	met   bool // was whole once
}

// NewPeers makes a bus that hears nobody until Run.
func NewPeers(config PeersConfig) *Peers {
	return &Peers{config: config, id: rand.Text(), began: time.Now()}
}

// Subscribe is called once, before the first signal.
func (p *Peers) Subscribe(hear func(Signal)) { p.hub = hear }

// Publish applies a signal here and sends it to the others, as ids.
func (p *Peers) Publish(signal Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hub(signal)
	p.n++
	signal.Hint.Data = nil
	p.say(word{Signal: &signal})
}

// say puts a word at the end of what waits. Whoever comes to the wire later learns from
// the number that it missed something.
func (p *Peers) say(w word) {
	if p.out == nil {
		return
	}
	w.V, w.From, w.N = Version, p.id, p.n
	select {
	case p.out <- encode(w):
	default:
	}
}

func (p *Peers) pulse() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.say(word{At: p.heard.own})
}

// listen takes what another replica said.
func (p *Peers) listen(raw []byte) {
	var w word
	if err := json.Unmarshal(raw, &w); err != nil || w.V > Version {
		return // of a later release: it is not heard, and so this replica is in doubt
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	fresh, missed := p.heard.hear(w, time.Now())
	if missed {
		p.hub(Signal{Kind: signalMissed})
	}
	if !fresh {
		return
	}
	switch w.Signal.Kind {
	case signalHint, signalJoin, signalLeave, signalEnd:
		p.hub(*w.Signal)
	}
}

// Run talks to other replicas while the settings name them, until ctx ends.
func (p *Peers) Run(ctx context.Context) {
	tick := time.NewTicker(pulseEvery)
	defer tick.Stop()
	complaint := ""
	for {
		if peers := p.config.Settings().Peers; peers == nil {
			p.setDoubt(ctx, false, nil)
		} else if err := p.talk(ctx, *peers); err != nil && err.Error() != complaint {
			complaint = err.Error()
			p.config.Log.ErrorContext(ctx, "cannot talk to other replicas; pages are told after a look into the database", "error", complaint)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// talk holds the wire until ctx ends, the settings are others, or they name no peers and
// none is heard.
func (p *Peers) talk(ctx context.Context, peers contract.Peers) error {
	p.setDoubt(ctx, true, nil)
	own, err := p.config.Own()
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.heard = newHeard(own)
	p.mu.Unlock()
	secret := p.config.Keys().Peers
	w, err := dial(listenAt(p.config.Listen, own), peers.Port, secret, p.listen)
	if err != nil {
		return err
	}
	out, sent := make(chan []byte, maxUnsent), make(chan struct{})
	p.mu.Lock()
	p.out = out
	p.mu.Unlock()
	go func() {
		defer close(sent)
		for raw := range out {
			_ = w.send(raw) // a number that is never heard tells the others
		}
	}()
	err = p.converse(ctx, w, func() bool {
		now := p.config.Settings().Peers
		return (now == nil || now.Port == peers.Port) && bytes.Equal(p.config.Keys().Peers, secret)
	})
	p.mu.Lock()
	p.say(word{At: own, Bye: true})
	p.out = nil
	p.mu.Unlock()
	close(out)
	<-sent
	w.close()
	return err
}

// listenAt is every address of this machine, unless one is given.
func listenAt(address string, own []string) string {
	switch {
	case address != "":
		return address
	case slices.ContainsFunc(own, func(one string) bool { return strings.Contains(one, ":") }):
		return "::"
	}
	return "0.0.0.0"
}

// converse pulses, finds the others and looks who is silent, while the same settings last.
func (p *Peers) converse(ctx context.Context, w *wire, same func() bool) error {
	tick := time.NewTicker(pulseEvery)
	defer tick.Stop()
	for n := 0; ctx.Err() == nil && same(); n++ {
		p.pulse()
		if peers := p.config.Settings().Peers; peers == nil {
			if p.alone() {
				return nil
			}
		} else if n%findEvery == 0 || p.inDoubt() {
			if err := p.find(ctx, w, peers.Host); err != nil {
				return err
			}
		}
		p.look(ctx)
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	return nil
}

func (p *Peers) inDoubt() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.doubt
}

// find asks where replicas are, and goes there. Without an answer it keeps what it knows.
func (p *Peers) find(ctx context.Context, w *wire, host string) error {
	asked, cancel := context.WithTimeout(ctx, pulseEvery)
	defer cancel()
	addresses, err := p.config.Lookup(asked, host)
	if err != nil {
		return nil //nolint:nilerr // then others are heard, or this replica stays in doubt
	}
	p.mu.Lock()
	p.heard.list(addresses)
	others := p.heard.others()
	p.mu.Unlock()
	if slices.Equal(others, w.routed) {
		return nil
	}
	return w.route(others)
}

// alone forgets where replicas were, and says whether none is heard any more.
func (p *Peers) alone() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heard.list(p.heard.own)
	if _, _, missed := p.heard.look(time.Now()); missed {
		p.hub(Signal{Kind: signalMissed})
	}
	return len(p.heard.peers) == 0
}

func (p *Peers) look(ctx context.Context) {
	p.mu.Lock()
	silent, whole, missed := p.heard.look(time.Now())
	if missed {
		p.hub(Signal{Kind: signalMissed})
	}
	p.mu.Unlock()
	p.setDoubt(ctx, !whole, silent)
}

func (p *Peers) setDoubt(ctx context.Context, doubt bool, silent []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if doubt == p.doubt {
		return
	}
	p.doubt = doubt
	if doubt {
		inDoubt.Set(1)
		level := slog.LevelInfo // to begin with
		if p.met {
			level = slog.LevelWarn
		}
		p.config.Log.Log(ctx, level, "not all replicas are heard; pages are told after a look into the database", "silent", strings.Join(silent, " "))
		p.hub(Signal{Kind: signalDoubt})
		return
	}
	inDoubt.Set(0)
	p.met = true
	p.config.Log.InfoContext(ctx, "all replicas are heard")
	p.hub(Signal{Kind: signalWhole})
}

// meetLimit is how long a replica that begins waits for the others before it lets people
// in: shorter than a startup probe waits.
const meetLimit = 45 * time.Second

// Ready says whether this replica may let people in: it has heard all others once, or
// has waited long enough for somebody who may be dead.
func (p *Peers) Ready() bool {
	if p.config.Settings().Peers == nil || time.Since(p.began) > meetLimit {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.met
}
