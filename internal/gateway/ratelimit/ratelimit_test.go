package ratelimit

import (
	"net/netip"
	"strconv"
	"testing"
	"time"
)

type clock struct{ now time.Time }

func newLimiter() (*Limiter, *clock) {
	c := &clock{time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	return New(func() time.Time { return c.now }), c
}

// take asks n times and says how many were let through.
func take(l *Limiter, tenant, client string, perSecond, burst, n int) (passed int) {
	for range n {
		if _, ok := l.Allow(tenant, netip.MustParseAddr(client), perSecond, burst); ok {
			passed++
		}
	}
	return passed
}

func TestOneClientGetsHalfAndTheCompanyGetsAll(t *testing.T) {
	l, c := newLimiter()
	for _, test := range []struct {
		tenant, client string
		want           int
	}{
		{"acme", "192.0.2.1", 10},   // half of the burst
		{"acme", "192.0.2.2", 10},   // the other half
		{"acme", "192.0.2.3", 0},    // the company has used its burst
		{"globex", "192.0.2.1", 10}, // which is not the business of others
	} {
		if got := take(l, test.tenant, test.client, 10, 20, 50); got != test.want {
			t.Errorf("%s from %s: %d passed, want %d", test.tenant, test.client, got, test.want)
		}
	}
	c.now = c.now.Add(time.Second) // 5 for one client, 10 for the company
	for _, test := range []struct {
		client string
		want   int
	}{{"192.0.2.1", 5}, {"192.0.2.2", 5}, {"192.0.2.3", 0}} {
		if got := take(l, "acme", test.client, 10, 20, 50); got != test.want {
			t.Errorf("a second later from %s: %d passed, want %d", test.client, got, test.want)
		}
	}
}

func TestWaitIsAsLongAsItSays(t *testing.T) {
	l, c := newLimiter()
	client := netip.MustParseAddr("192.0.2.1")
	take(l, "acme", "192.0.2.1", 4, 8, 4)
	wait, ok := l.Allow("acme", client, 4, 8)
	if ok || wait != 500*time.Millisecond {
		t.Fatalf("wait %v %v, want half a second", wait, ok)
	}
	c.now = c.now.Add(wait - time.Nanosecond)
	if _, ok := l.Allow("acme", client, 4, 8); ok {
		t.Error("it was let through too early")
	}
	c.now = c.now.Add(time.Nanosecond)
	if _, ok := l.Allow("acme", client, 4, 8); !ok {
		t.Error("it was refused after the wait")
	}
}

func TestAPlanThatChangesHoldsAtOnce(t *testing.T) {
	l, c := newLimiter()
	take(l, "acme", "192.0.2.1", 10, 20, 50)
	c.now = c.now.Add(time.Second)
	if got := take(l, "acme", "192.0.2.1", 100, 200, 500); got != 5 {
		t.Errorf("%d passed with what the smaller plan had gathered, want 5", got)
	}
	c.now = c.now.Add(time.Second)
	if got := take(l, "acme", "192.0.2.1", 100, 200, 500); got != 50 {
		t.Errorf("%d passed after a second on the larger plan, want 50", got)
	}
}

func TestASubscriberWithManyIPv6AddressesIsOneClient(t *testing.T) {
	l, _ := newLimiter()
	passed := 0
	for i := range 50 {
		passed += take(l, "acme", "2001:db8:1:2::"+strconv.Itoa(i), 10, 20, 1)
	}
	if passed != 10 {
		t.Errorf("%d passed, want the 10 of one client", passed)
	}
	if got := take(l, "acme", "::ffff:192.0.2.1", 10, 20, 1) + take(l, "acme", "192.0.2.1", 10, 20, 20); got != 10 {
		t.Errorf("%d passed for one IPv4 address in two spellings, want 10", got)
	}
}

// A flood of addresses costs neither memory without bound nor the company its limit.
func TestMemoryIsBounded(t *testing.T) {
	l, _ := newLimiter()
	l.capacity = 100
	passed := 0
	addr := netip.MustParseAddr("10.0.0.0")
	for range 10_000 {
		addr = addr.Next()
		if _, ok := l.Allow("acme", addr, 1, 30); ok {
			passed++
		}
	}
	if got := len(l.young) + len(l.old); got > 200 {
		t.Errorf("%d buckets are held, want at most 200", got)
	}
	if passed != 30 {
		t.Errorf("%d passed, want the company's burst of 30", passed)
	}
}
