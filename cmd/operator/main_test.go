package main

import (
	"fmt"
	"strings"
	"testing"
)

func TestFlags(t *testing.T) {
	good := []string{
		"--installation=demo", "--base-domain=localhost", "--public-scheme=http", "--public-port=8080", "--monitoring-namespaces=name=watch", "--recovery-recipient=age1x",
		"--agent-image=atrium.dev/atrium-agent:0.1.0", "--version=0.1.0",
		"--cluster-ranges=203.0.113.0/24, 2001:db8::1/32",
	}
	o, err := parse(good)
	if err != nil || o.Installation != "demo" || o.Site.URL("acme.localhost") != "http://acme.localhost:8080" || !o.LeaderElect || o.Namespace != "atrium-system" || o.Monitoring["name"] != "watch" || o.Agent != "atrium.dev/atrium-agent:0.1.0" || o.Version != "0.1.0" ||
		fmt.Sprint(o.ClusterRanges) != "[203.0.113.0/24 2001:db8::/32]" {
		t.Fatalf("parse = %+v, %v", o, err)
	}
	for bad, says := range map[string]string{
		"--installation=":                                     "--installation must be",
		"--installation=Demo":                                 "--installation must be",
		"--installation=" + strings.Repeat("a", 41):           "--installation must be",
		"--base-domain=":                                      "--base-domain must be",
		"--base-domain=.com":                                  "--base-domain must be",
		"--base-domain=" + strings.Repeat("aaaaa.", 40) + "a": "--base-domain must be",
		"--public-scheme=ftp":                                 "--public-scheme must be",
		"--public-port=0":                                     "--public-port must be",
		"--recovery-recipient=":                               "--recovery-recipient must be the public line",
		"--recovery-recipient=AGE-SECRET-KEY-1QQQ":            "--recovery-recipient must be the public line",
		"--agent-image=":                                      "--agent-image must name",
		"--namespace=":                                        "--namespace must name",
		"--cluster-ranges=203.0.113.0":                        "is no range",
		"--cluster-ranges=0.0.0.0/0":                          "is no range",
		"--monitoring-namespaces=monitoring":                  "invalid selector",
	} {
		if _, err = parse(append(good, bad)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", bad, err, says)
		}
		if err != nil && strings.Contains(err.Error(), "1QQQ") {
			t.Errorf("%s: the message quotes what may be a secret", bad)
		}
	}
}
