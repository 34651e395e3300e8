// Package outbound is the one way out of the app: every call to something that is not
// the company's own database or bucket goes through its dialer, which looks at the
// address after the name was resolved. Names come from people, so without it a name
// could lead to the neighbours in the cluster.
package outbound

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"syscall"
	"time"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

const (
	connectLimit = 5 * time.Second
	callLimit    = 15 * time.Second // for a whole call over HTTP
)

// Dialer connects to the outside.
type Dialer struct{ settings func() contract.Settings }

// New makes the dialer of a company.
func New(settings func() contract.Settings) *Dialer { return &Dialer{settings: settings} }

// DialContext connects to public addresses, and to those that the company's allow-list
// names. Any other is refused with code address_refused; all are while the company's
// settings forbid outgoing calls.
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	settings := d.settings()
	if !settings.Outbound {
		return nil, kernel.Unavailable("outbound_paused")
	}
	dialer := net.Dialer{Timeout: connectLimit, Control: func(_, at string, _ syscall.RawConn) error {
		return check(settings.Egress, at)
	}}
	conn, err := dialer.DialContext(ctx, network, address)
	var refused *kernel.Error
	if errors.As(err, &refused) {
		return nil, refused
	}
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", address, err)
	}
	return conn, nil
}

// Client calls over HTTP, each time by a connection of its own: one that is kept would
// outlive the rule that allowed it. It follows no redirects: they would carry what was
// sent to a place that nobody named.
func (d *Dialer) Client() *http.Client {
	return &http.Client{
		Timeout:       callLimit,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{DialContext: d.DialContext, TLSHandshakeTimeout: connectLimit, DisableKeepAlives: true},
	}
}

// never are addresses that no allow-list opens: they give away the node's rights.
var never = []netip.Prefix{netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("fe80::/10"), netip.MustParsePrefix("100.100.100.200/32")}

// notPublic are ranges that are not the internet's, besides those that netip knows.
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2002::/16"),
}

// check refuses an address, given with its port, that may not be called.
func check(allowed []contract.EgressRule, at string) error {
	where, err := netip.ParseAddrPort(at)
	if err != nil {
		return fmt.Errorf("read the address %s: %w", at, err)
	}
	ip := where.Addr().Unmap().WithZone("")
	holds := func(p netip.Prefix) bool { return p.Contains(ip) }
	if slices.ContainsFunc(never, holds) {
		return refusal(where)
	}
	for _, rule := range allowed {
		prefix, err := netip.ParsePrefix(rule.CIDR)
		if err == nil && holds(prefix) && slices.Contains(rule.Ports, int32(where.Port())) {
			return nil
		}
	}
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || slices.ContainsFunc(notPublic, holds) {
		return refusal(where)
	}
	return nil
}

func refusal(where netip.AddrPort) error {
	return kernel.Forbidden("address_refused").With("address", where.String())
}
