// Package ratelimit lets each company make so many requests a second, and keeps
// one client address from using all of them. It holds token buckets in bounded
// memory and knows nothing of HTTP.
package ratelimit

import (
	"math"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// share of a company's rate and burst that one client address may use. An office
// behind one address still has half of the plan, and somebody who floods it leaves
// the other half to everybody else.
const share = 0.5

// capacity is how many buckets a generation holds. Two generations of about 250
// bytes a bucket are 8 MB at most.
const capacity = 16 << 10

// Limiter holds the buckets. Buckets live in two generations: one that is used
// moves to the younger, and when that is full the older is dropped as a whole, with
// the buckets that nobody used for that long. A dropped bucket begins full again.
type Limiter struct {
	now func() time.Time

	mu       sync.Mutex
	young    map[key]*rate.Limiter
	old      map[key]*rate.Limiter
	capacity int
}

type key struct {
	tenant string
	client netip.Prefix // zero: the company as a whole
}

// New makes a limiter that reads time from now.
func New(now func() time.Time) *Limiter {
	return &Limiter{now: now, young: map[key]*rate.Limiter{}, capacity: capacity}
}

// Allow takes one request of a client from the company's budget. It reports how
// long to wait when there is none left; such a request costs the company nothing.
func (l *Limiter) Allow(tenant string, client netip.Addr, perSecond, burst int) (wait time.Duration, ok bool) {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	one := l.bucket(key{tenant, network(client)}, share*float64(perSecond), max(1, int(share*float64(burst))), now)
	if wait := delay(one, now); wait > 0 {
		return wait, false
	}
	all := l.bucket(key{tenant: tenant}, float64(perSecond), burst, now)
	if wait := delay(all, now); wait > 0 {
		return wait, false
	}
	one.AllowN(now, 1)
	all.AllowN(now, 1)
	return 0, true
}

// bucket finds or makes a bucket and brings it to the plan's present numbers.
func (l *Limiter) bucket(k key, perSecond float64, burst int, now time.Time) *rate.Limiter {
	b, ok := l.young[k]
	if !ok {
		if b = l.old[k]; b == nil {
			b = rate.NewLimiter(rate.Limit(perSecond), burst)
		}
		if len(l.young) >= l.capacity {
			l.old, l.young = l.young, make(map[key]*rate.Limiter)
		}
		l.young[k] = b
	}
	if b.Limit() != rate.Limit(perSecond) {
		b.SetLimitAt(now, rate.Limit(perSecond))
	}
	if b.Burst() != burst {
		b.SetBurstAt(now, burst)
	}
	return b
}

// delay is how long it takes until the bucket holds one token.
func delay(b *rate.Limiter, now time.Time) time.Duration {
	missing := 1 - b.TokensAt(now)
	if missing <= 0 {
		return 0
	}
	return time.Duration(math.Ceil(missing / float64(b.Limit()) * float64(time.Second)))
}

// network is what counts as one client: an IPv4 address, or the /64 that an IPv6
// subscriber gets as a whole.
func network(client netip.Addr) netip.Prefix {
	client = client.Unmap().WithZone("")
	bits := 32
	if client.Is6() {
		bits = 64
	}
	prefix, err := client.Prefix(bits)
	if err != nil { // not an address: all of those are one client
		return netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	}
	return prefix
}
