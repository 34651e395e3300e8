// Package network prepares the machine's network for the cluster: it checks
// that ranges and ports are free and makes the bridge that stands for the node.
package network

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"

	"atrium.dev/hack/cluster/internal/command"
)

// The ranges of the cluster: fixed, as certificates and objects in etcd keep them.
var (
	Cluster  = netip.MustParsePrefix("10.244.0.0/16") // pods and the node itself
	Pods     = netip.MustParsePrefix("10.244.0.0/17")
	Services = netip.MustParsePrefix("10.96.0.0/16")
)

// Addresses that the configuration of the parts repeats.
const (
	Bridge      = "atrium0"
	NodeIP      = "10.244.255.1"
	nodeAddress = NodeIP + "/24"
	APIService  = "10.96.0.1"
	DNSService  = "10.96.0.10"
)

// Route is what matters of a line of the routing table.
type Route struct {
	Destination string `json:"dst"`
	Device      string `json:"dev"`
	Gateway     string `json:"gateway"`
}

// CheckRanges returns an error that names the first route, gateway or resolver
// of this machine that lies in a range of the cluster.
func CheckRanges(ctx context.Context) error {
	routes, err := readRoutes(ctx)
	if err != nil {
		return err
	}
	resolvers, err := readResolvers("/etc/resolv.conf")
	if err != nil {
		return err
	}
	return overlap(routes, resolvers)
}

func readRoutes(ctx context.Context) ([]Route, error) {
	out, err := command.Output(ctx, "ip", "-json", "-4", "route", "show", "table", "all")
	if err != nil {
		return nil, fmt.Errorf("read the routes: %w", err)
	}
	var routes []Route
	if err := json.Unmarshal([]byte(out), &routes); err != nil {
		return nil, fmt.Errorf("read the routes: %w", err)
	}
	return routes, nil
}

// overlap decides for CheckRanges. Routes over links of our own are no conflict.
func overlap(routes []Route, resolvers []string) error {
	for _, route := range routes {
		if Own(route.Device) || toPod(route) {
			continue
		}
		if prefix, ok := parsePrefix(route.Destination); ok && prefix.Bits() > 0 {
			if taken, hit := touches(prefix); hit {
				return fmt.Errorf("the cluster's range %s overlaps the route to %s on %s: remove that route, or run this on another machine", taken, route.Destination, route.Device)
			}
		}
		if gateway, ok := parsePrefix(route.Gateway); ok {
			if taken, hit := touches(gateway); hit {
				return fmt.Errorf("the cluster's range %s holds this machine's gateway %s: run this on another machine", taken, route.Gateway)
			}
		}
	}
	for _, resolver := range resolvers {
		if address, ok := parsePrefix(resolver); ok {
			if taken, hit := touches(address); hit {
				return fmt.Errorf("the cluster's range %s holds this machine's resolver %s: run this on another machine", taken, resolver)
			}
		}
	}
	return nil
}

func touches(prefix netip.Prefix) (netip.Prefix, bool) {
	for _, ours := range []netip.Prefix{Cluster, Services} {
		if ours.Overlaps(prefix) {
			return ours, true
		}
	}
	return netip.Prefix{}, false
}

// Own says whether a link has a name that the cluster gives to links.
func Own(link string) bool {
	return link == Bridge || link == StoreLink || strings.HasPrefix(link, "lxc") || strings.HasPrefix(link, "cilium_")
}

// toPod says whether a route leads to one pod over a pair of its own, as they do
// where Cilium does not run. Its link has a name like those of others.
func toPod(route Route) bool {
	prefix, ok := parsePrefix(route.Destination)
	return ok && prefix.IsSingleIP() && Pods.Contains(prefix.Addr()) && strings.HasPrefix(route.Device, "veth")
}

// PodLinks names the links of such routes.
func PodLinks(ctx context.Context) ([]string, error) {
	routes, err := readRoutes(ctx)
	if err != nil {
		return nil, err
	}
	var links []string
	for _, route := range routes {
		if toPod(route) && !slices.Contains(links, route.Device) {
			links = append(links, route.Device)
		}
	}
	return links, nil
}

// parsePrefix reads "10.0.0.0/8" and "10.0.0.1"; words like "default" are none.
func parsePrefix(text string) (netip.Prefix, bool) {
	if prefix, err := netip.ParsePrefix(text); err == nil {
		return prefix, true
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(address, address.BitLen()), true
}

func readResolvers(path string) ([]string, error) {
	file, err := os.Open(path)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	var resolvers []string
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); len(fields) > 1 && fields[0] == "nameserver" {
			resolvers = append(resolvers, fields[1])
		}
	}
	return resolvers, nil
}
