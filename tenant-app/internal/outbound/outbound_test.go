package outbound

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

func TestOnlyPublicAndListedAddressesAreCalled(t *testing.T) {
	listed := []contract.EgressRule{{CIDR: "10.1.0.0/16", Ports: []int32{8443}}, {CIDR: "169.254.0.0/16", Ports: []int32{80}}, {CIDR: "fd00::/8", Ports: []int32{25}}}
	for at, open := range map[string]bool{
		"93.184.216.34:443": true, "93.184.216.34:25": true, "[2606:2800:220:1::1]:443": true,
		"10.1.2.3:8443": true, "[::ffff:10.1.2.3]:8443": true, "10.1.2.3:443": false, "10.2.0.1:8443": false, "[fd00::1]:25": true, "[fd00::1]:443": false,
		"127.0.0.1:443": false, "[::1]:443": false, "[::ffff:127.0.0.1]:443": false, "0.0.0.0:443": false, "[::]:443": false, "192.168.1.1:443": false, "172.16.0.1:443": false,
		"169.254.169.254:80": false, "[fe80::1%eth0]:80": false, "100.100.100.200:80": false, "100.64.0.1:443": false, "224.0.0.1:443": false, "255.255.255.255:443": false,
		"[64:ff9b::7f00:1]:443": false, "[2002:7f00:1::]:443": false,
	} {
		if err := check(listed, at); (err == nil) != open || err != nil && !kernel.HasCode(err, "address_refused") {
			t.Errorf("%s: %v, want open: %v", at, err, open)
		}
	}
}

// A name that leads into the cluster is as bad as an address that does.
func TestNamesAreLookedAtOnceTheyAreResolved(t *testing.T) {
	calls := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls++
		w.Header().Set("Location", "http://169.254.169.254/")
		w.WriteHeader(http.StatusFound)
	}))
	defer server.Close()
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	n, _ := strconv.Atoi(port)
	settings := contract.Settings{Outbound: true}
	client := New(func() contract.Settings { return settings }).Client()
	get := func() (*http.Response, error) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost:"+port, nil)
		if err != nil {
			t.Fatal(err)
		}
		return client.Do(r)
	}
	if reply, err := get(); !kernel.HasCode(err, "address_refused") || calls > 0 {
		t.Errorf("without the list: %v %v", reply, err)
	}
	settings.Egress = []contract.EgressRule{{CIDR: "127.0.0.0/8", Ports: []int32{int32(n)}}}
	reply, err := get()
	if err != nil || reply.StatusCode != http.StatusFound || calls != 1 {
		t.Fatalf("with the list: %v %v", reply, err)
	}
	_ = reply.Body.Close()
	settings.Outbound = false
	if reply, err := get(); !kernel.HasCode(err, "outbound_paused") || calls != 1 {
		t.Errorf("while calls are paused: %v %v", reply, err)
	}
}
