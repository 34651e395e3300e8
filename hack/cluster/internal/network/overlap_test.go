package network

import (
	"strings"
	"testing"
)

func TestOverlap(t *testing.T) {
	cases := map[string]struct {
		routes    []Route
		resolvers []string
		want      string // part of the message, "" for none
	}{
		"an ordinary machine": {
			routes:    []Route{{Destination: "default", Device: "eth0", Gateway: "192.0.2.1"}, {Destination: "192.0.2.0/24", Device: "eth0"}},
			resolvers: []string{"10.255.255.53", "fe80::1"},
		},
		"our own links":                  {routes: []Route{{Destination: "10.244.255.0/24", Device: "atrium0"}, {Destination: "10.244.0.9", Device: "lxc1234"}, {Destination: "10.244.0.0/24", Device: "cilium_host"}}},
		"routes to our own pods":         {routes: []Route{{Destination: "10.244.0.7", Device: "veth12ab"}}},
		"a pair that is not a pod's":     {routes: []Route{{Destination: "10.244.0.0/24", Device: "veth12ab"}}, want: "overlaps the route to 10.244.0.0/24 on veth12ab"},
		"a route inside the pods":        {routes: []Route{{Destination: "10.244.3.0/24", Device: "docker0"}}, want: "10.244.0.0/16 overlaps the route to 10.244.3.0/24 on docker0"},
		"a route around the Services":    {routes: []Route{{Destination: "10.0.0.0/8", Device: "tun0"}}, want: "overlaps the route to 10.0.0.0/8 on tun0"},
		"a default route is none":        {routes: []Route{{Destination: "0.0.0.0/0", Device: "eth0"}}},
		"the gateway lies in the range":  {routes: []Route{{Destination: "default", Device: "eth0", Gateway: "10.96.0.254"}}, want: "10.96.0.0/16 holds this machine's gateway 10.96.0.254"},
		"the resolver lies in the range": {resolvers: []string{"10.244.7.7"}, want: "holds this machine's resolver 10.244.7.7"},
		"next to the range":              {routes: []Route{{Destination: "10.245.0.0/16", Device: "eth1"}, {Destination: "10.97.0.0/16", Device: "eth1"}}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := overlap(c.routes, c.resolvers)
			if c.want == "" && err != nil {
				t.Errorf("refused: %v", err)
			}
			if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("said %v, want %q", err, c.want)
			}
		})
	}
}

func TestTakenPortSaysWhatToDo(t *testing.T) {
	listener := listen(t)
	err := CheckPort(listener, "etcd")
	if err == nil || !strings.Contains(err.Error(), "port "+listener+", which etcd needs, is taken") || !strings.Contains(err.Error(), "ss -ltnp") {
		t.Errorf("said %v", err)
	}
}
