package live

import (
	"slices"
	"time"
)

// Times of the conversation between replicas.
const (
	pulseEvery = time.Second
	silentFor  = 4 * time.Second // without a word: not heard any more
)

// word is what goes over the wire: a signal with its number, or a pulse, which says how
// many signals there were so far.
type word struct {
	V      int      `json:"v"`
	From   string   `json:"from"` // a replica's process
	N      uint64   `json:"n"`
	At     []string `json:"at,omitempty"`  // in a pulse: the addresses of the sender
	Bye    bool     `json:"bye,omitempty"` // in a pulse: it was the last word
	Signal *Signal  `json:"signal,omitempty"`
}

// heard is what a replica knows of the others.
type heard struct {
	own   []string // addresses of this replica
	peers map[string]*peer
	left  map[string]bool // addresses of those who said goodbye, while they are still listed

	known  bool     // whether listed was ever read
	listed []string // addresses of all replicas, this one among them
}

type peer struct {
	last uint64
	at   []string
	when time.Time
}

func newHeard(own []string) *heard {
	return &heard{own: own, peers: map[string]*peer{}, left: map[string]bool{}}
}

// hear takes a word. Fresh: its signal was not heard before. Missed: others before it
// were not heard at all.
func (h *heard) hear(w word, now time.Time) (fresh, missed bool) {
	p := h.peers[w.From]
	if p == nil {
		p = &peer{}
		h.peers[w.From] = p
	}
	p.when = now
	before := p.last
	if w.Signal != nil {
		fresh = w.N > before
		missed = w.N > before+1
	} else {
		p.at = w.At
		missed = w.N > before
	}
	p.last = max(before, w.N)
	for _, address := range w.At {
		delete(h.left, address)
	}
	if w.Bye {
		delete(h.peers, w.From)
		for _, address := range w.At {
			h.left[address] = true
		}
	}
	return fresh, missed
}

// list takes the addresses of all replicas.
func (h *heard) list(addresses []string) {
	h.known, h.listed = true, addresses
	for address := range h.left {
		if !slices.Contains(addresses, address) {
			delete(h.left, address)
		}
	}
}

// others are the addresses at which another replica should be heard.
func (h *heard) others() []string {
	var all []string
	for _, address := range h.listed {
		if !slices.Contains(h.own, address) && !h.left[address] {
			all = append(all, address)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// look gives the addresses at which nobody is heard. Whole: there are none, and this
// replica is listed itself, so that whoever came before it is listed too. Missed: somebody
// is gone without a goodbye, and may have said something before.
func (h *heard) look(now time.Time) (silent []string, whole, missed bool) {
	speaks := map[string]bool{}
	for _, p := range h.peers {
		if now.Sub(p.when) < silentFor {
			for _, address := range p.at {
				speaks[address] = true
			}
		}
	}
	others := h.others()
	for _, address := range others {
		if !speaks[address] {
			silent = append(silent, address)
		}
	}
	for from, p := range h.peers {
		// While its address is listed and nobody else speaks there, it may come back.
		waits := slices.ContainsFunc(p.at, func(address string) bool { return slices.Contains(silent, address) })
		if now.Sub(p.when) >= silentFor && !waits {
			delete(h.peers, from)
			missed = true
		}
	}
	listed := slices.ContainsFunc(h.own, func(own string) bool { return slices.Contains(h.listed, own) })
	return silent, h.known && listed && len(silent) == 0, missed
}
