package faults

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	"atrium.dev/atrium/test/rig"
)

// point is an instant at which a process dies: before an act is sent, or after it
// took effect and before its answer is seen.
type point struct {
	kind  rig.Kind
	act   string // with names and ids taken out
	nth   int    // among those of one name, from 1
	after bool
}

func (p point) String() string {
	when := "before"
	if p.after {
		when = "after"
	}
	return fmt.Sprintf("%s %s %q no. %d", when, p.kind, p.act, p.nth)
}

var (
	inSQL    = regexp.MustCompile(`"?\bt_[a-z2-7]+\w*"?`)
	reads    = regexp.MustCompile(`^(SELECT|begin|GET|HEAD)\b`)
	password = regexp.MustCompile(`PASSWORD '.*`)
	inPath   = regexp.MustCompile(`([-/])[a-z][a-z2-7]{9}(/|$)`)
	digest   = regexp.MustCompile(`\b[0-9a-f]{8,64}\b`)
)

// plain is an act's name without what differs from tenant to tenant.
func plain(act rig.Act, tenant string) string {
	name := strings.ReplaceAll(act.Name, tenant, "<name>")
	name = inSQL.ReplaceAllString(name, "<role or schema>")
	name = password.ReplaceAllString(name, "PASSWORD")
	if act.Kind != rig.SQL {
		name = inPath.ReplaceAllString(name, "$1<id>$2")
	}
	return digest.ReplaceAllString(name, "<hex>")
}

// deaths is the gate of an operator whose process dies for each tenant at an
// instant of its own: from there on, nothing that it does for that tenant reaches
// a server. Cut then ends the process for all; what each tenant has at that time is
// what a process that died at its point would have left.
type deaths struct {
	mu      sync.Mutex
	at      map[string]point
	seen    map[string]map[string]int
	dead    map[string]bool
	watched map[string][]rig.Act // acts of tenants that are only watched
}

func newDeaths() *deaths {
	return &deaths{at: map[string]point{}, seen: map[string]map[string]int{}, dead: map[string]bool{}, watched: map[string][]rig.Act{}}
}

func (d *deaths) gate(act rig.Act) rig.Verdict {
	d.mu.Lock()
	defer d.mu.Unlock()
	tenant := act.Object
	if d.dead[tenant] {
		return rig.FailedBefore
	}
	if _, watched := d.watched[tenant]; watched {
		d.watched[tenant] = append(d.watched[tenant], act)
	}
	p, armed := d.at[tenant]
	if !armed || p.kind != act.Kind || p.act != plain(act, tenant) {
		return rig.Fine
	}
	d.seen[tenant][p.act]++
	if d.seen[tenant][p.act] != p.nth {
		return rig.Fine
	}
	d.dead[tenant] = true
	if p.after {
		return rig.FailedAfter
	}
	return rig.FailedBefore
}

func (d *deaths) arm(tenant string, p point) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at[tenant], d.seen[tenant] = p, map[string]int{}
}

func (d *deaths) isDead(tenant string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.dead[tenant]
}

func (d *deaths) watch(tenant string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.watched[tenant] = []rig.Act{}
}

// points of tenants that were watched: two for each side effect that all of them had.
// (How many times a status is written depends on how events fall together.) What only
// reads is left out: a death there leaves what a death at the next effect leaves.
func (d *deaths) points(tenants []string) (all []point) {
	d.mu.Lock()
	defer d.mu.Unlock()
	had := map[point]int{}
	for _, tenant := range tenants {
		count := map[point]int{}
		for _, act := range d.watched[tenant] {
			if reads.MatchString(act.Name) {
				continue
			}
			p := point{kind: act.Kind, act: plain(act, tenant)}
			count[p]++ // its nth is 0 here
			p.nth = count[p]
			if had[p]++; had[p] < len(tenants) {
				continue
			}
			all = append(all, p)
			p.after = true
			all = append(all, p)
		}
		delete(d.watched, tenant)
	}
	return all
}
