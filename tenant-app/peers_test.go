package main

import (
	"bufio"
	"bytes"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/env"
)

// One of several replicas lets people in once it hears those that are listed; alone in the
// list, at once. What that costs is little.
func TestOneOfSeveralWaitsForTheOthers(t *testing.T) {
	own, err := ownAddresses()
	if err != nil || len(own) == 0 {
		t.Skipf("this machine has no address but its own loopback: %v", err)
	}
	port, err := env.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	f := migrated(t)
	f.write(t, contract.FileKeys, contract.Keys{Peers: bytes.Repeat([]byte{1}, contract.KeySize)})
	f.settings.Peers = &contract.Peers{Host: "localhost", Port: port} // where no replica is
	f.write(t, contract.FileSettings, f.settings)
	c := f.serve(t)
	await(t, "the replica to answer", func() bool { status, _ := get(t, c.ops, contract.PathHealth, ""); return status == http.StatusOK })
	if status, body := get(t, c.ops, contract.PathReady, ""); status != http.StatusServiceUnavailable || !strings.Contains(body, "other replicas") {
		t.Errorf("before it hears the others it says %d: %s", status, body)
	}
	f.settings.Peers.Host = own[0]
	f.write(t, contract.FileSettings, f.settings)
	await(t, "the replica to be ready", c.ready(t))
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", net.JoinHostPort(own[0], strconv.Itoa(port)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.HasPrefix(line, "INFO ") {
		t.Errorf("other replicas are greeted with %q, %v", line, err)
	}
	const most = 24e6
	now := c.memory(t)
	t.Logf("as one of several %.1f MB of its own in memory", float64(now)/1e6)
	if now > most {
		t.Errorf("as one of several it has %d bytes of its own in memory, at most %.0f", now, most)
	}
}
