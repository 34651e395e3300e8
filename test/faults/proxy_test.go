package faults

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"atrium.dev/atrium/test/rig"
)

// link is a stretch of network between an operator and a server.
type link struct {
	t     testing.TB
	proxy *toxiproxy.Proxy
}

func newLink(t testing.TB, name, upstream string) *link {
	t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	l := &link{t, toxiproxy.NewProxy(server, name, "127.0.0.1:0", upstream)}
	rig.Check(t, l.proxy.Start())
	t.Cleanup(l.proxy.Stop)
	return l
}

func (l *link) address() (host string, port int32) {
	host, text, err := net.SplitHostPort(l.proxy.Listen)
	rig.Check(l.t, err)
	number, err := strconv.ParseUint(text, 10, 16)
	rig.Check(l.t, err)
	return host, int32(number)
}

// poison adds a toxic in both directions; heal takes it out again.
func (l *link) poison(kind, attributes string) (heal func()) {
	l.t.Helper()
	for _, stream := range []string{"upstream", "downstream"} {
		_, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(
			fmt.Sprintf(`{"name":%q,"type":%q,"stream":%q,"attributes":%s}`, kind+stream, kind, stream, attributes)))
		rig.Check(l.t, err)
	}
	return func() {
		for _, stream := range []string{"upstream", "downstream"} {
			rig.Check(l.t, l.proxy.Toxics.RemoveToxic(l.t.Context(), kind+stream))
		}
	}
}

// latency of 500 ms: 250 ms each way.
func (l *link) latency() func() { return l.poison("latency", `{"latency":250}`) }

// resets end each connection as soon as something is sent over it.
func (l *link) resets() func() { return l.poison("reset_peer", `{"timeout":0}`) }

// blackHole swallows what is sent, on connections that exist and on new ones.
func (l *link) blackHole() func() { return l.poison("timeout", `{"timeout":0}`) }

// down refuses connections and ends those that exist.
func (l *link) down() func() {
	l.proxy.Stop()
	return func() { rig.Check(l.t, l.proxy.Start()) }
}
