package authz

import (
	"crypto/sha256"
	"sync"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// accessStamp names the stamp of all that heldQuery reads, and accessTables are those
// tables.
const accessStamp = "access"

var accessTables = []string{
	"person", "external_organisation", "department", "department_head", "membership",
	"role", "role_right", "role_grant", "object_right",
}

// What is kept at most: people of some hundred bytes each, and rights of some ten
// thousand, which a department shares.
const (
	mostKnown  = 1000
	mostShared = 200
	// knownFor bounds what a change by hand, beside the program, can leave behind.
	knownFor = time.Minute
)

// known are the people who came in lately, as the stamp was when they were read.
type known struct {
	mu     sync.Mutex
	stamp  kernel.ID
	people map[kernel.ID]knownPerson
	shared map[[sha256.Size]byte]map[string][]grant // by what they are made from
}

type knownPerson struct {
	*entrant
	until time.Time
}

func newKnown() *known {
	return &known{people: map[kernel.ID]knownPerson{}, shared: map[[sha256.Size]byte]map[string][]grant{}}
}

// get gives nil if the person is not known as of the stamp.
func (k *known) get(person, stamp kernel.ID, now time.Time) *entrant {
	k.mu.Lock()
	defer k.mu.Unlock()
	p, ok := k.people[person]
	if !ok || k.stamp != stamp || !now.Before(p.until) {
		return nil
	}
	return p.entrant
}

func (k *known) keep(e *entrant, now time.Time) {
	if e == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.stamp != e.stamp || len(k.people) >= mostKnown {
		clear(k.people)
		k.stamp = e.stamp
	}
	k.people[e.person] = knownPerson{e, now.Add(knownFor)}
}

// rightsOf gives nil if nobody was reached in this way lately.
func (k *known) rightsOf(key [sha256.Size]byte) map[string][]grant {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.shared[key]
}

func (k *known) share(key [sha256.Size]byte, rights map[string][]grant) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.shared) >= mostShared {
		clear(k.shared)
	}
	k.shared[key] = rights
}
