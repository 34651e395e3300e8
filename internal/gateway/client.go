package gateway

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/netip"
	"regexp"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"atrium.dev/atrium/tenant-app/contract"
)

var requestID = regexp.MustCompile(contract.RequestIDForm)

// client is who asks, as far as the gateway believes it.
type client struct {
	addr      netip.Addr
	text      string // addr as it goes to the app and into the log
	requestID string
}

// identify reads who asks and takes every header away by which a client could
// pretend to be somebody else. Caddy has already worked out the address from the
// connection, its PROXY header and trusted proxies.
func identify(r *http.Request) client {
	trusted, _ := caddyhttp.GetVar(r.Context(), caddyhttp.TrustedProxyVarKey).(bool)
	text, _ := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string)
	addr, err := netip.ParseAddr(text)
	if err == nil {
		addr = addr.Unmap()
		text = addr.String()
	}
	id := r.Header.Get(contract.HeaderRequestID)
	if !trusted || !requestID.MatchString(id) {
		id = rand.Text()
	}
	cleanConnection(r.Header)
	for name := range r.Header {
		if forgeable(name) && (!trusted || !believable(name, r.Header)) {
			delete(r.Header, name)
		}
	}
	return client{addr: addr, text: text, requestID: id}
}

// mark tells the app who asks. Caddy's proxy adds X-Forwarded-For, -Host and
// -Proto.
func (c client) mark(r *http.Request) {
	r.Header.Set(contract.HeaderClient, c.text)
	r.Header.Set(contract.HeaderRequestID, c.requestID)
}

// forgeable reports a header that only the gateway or a trusted proxy may set.
// Caddy has dropped spellings with dots and underscores.
func forgeable(name string) bool {
	return strings.HasPrefix(name, "X-Atrium-") || strings.HasPrefix(name, "X-Forwarded-") ||
		name == contract.HeaderRequestID || name == "Forwarded" || name == "X-Real-Ip"
}

// believable reports what is kept of a trusted proxy's word.
func believable(name string, h http.Header) bool {
	switch name {
	case "X-Forwarded-For":
		return true
	case "X-Forwarded-Proto":
		proto := h[name][len(h[name])-1]
		return proto == "http" || proto == "https"
	}
	return false
}

// cleanConnection does what Connection asks for now, before our headers are set:
// the proxy would otherwise remove them when a client lists their names. Of
// upgrades only WebSocket is let through: h2c would tunnel past this handler.
func cleanConnection(h http.Header) {
	upgrade := false
	for _, line := range h["Connection"] {
		for token := range strings.SplitSeq(line, ",") {
			token = strings.TrimSpace(token)
			if strings.EqualFold(token, "upgrade") {
				upgrade = true
				continue
			}
			h.Del(token)
		}
	}
	h.Del("Connection")
	if upgrade && len(h["Upgrade"]) == 1 && strings.EqualFold(h["Upgrade"][0], "websocket") {
		h.Set("Connection", "Upgrade")
		return
	}
	h.Del("Upgrade")
	h.Del("Http2-Settings")
}

// ParsePrefixes reads networks such as 10.0.0.0/8 and single addresses, separated
// by commas. An empty list is none.
func ParsePrefixes(list string) ([]netip.Prefix, error) {
	var prefixes []netip.Prefix
	for part := range strings.SplitSeq(list, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		if addr, err := netip.ParseAddr(part); err == nil {
			prefixes = append(prefixes, netip.PrefixFrom(addr, addr.BitLen()))
			continue
		}
		prefix, err := netip.ParsePrefix(part)
		if err != nil {
			return nil, fmt.Errorf("read trusted proxies: %q is no network; write for example 10.0.0.0/8 or 192.0.2.1", part)
		}
		prefixes = append(prefixes, prefix.Masked())
	}
	return prefixes, nil
}
