package routes

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Limits of DNS (RFC 1035, 2.3.4).
const (
	maxHost  = 253
	maxLabel = 63
)

// Normalise brings a host name as a browser sends it to the one form that the
// table is keyed by: lower-case ASCII, without port and trailing dot, other scripts
// in their xn-- form. It reports false for everything that cannot be a DNS name,
// IPv6 addresses among them.
func Normalise(host string) (string, bool) {
	host, ok := withoutPort(host)
	if !ok || len(host) > 4*maxHost { // four bytes are the longest character in UTF-8
		return "", false
	}
	if !ascii(host) {
		if !utf8.ValidString(host) {
			return "", false
		}
		encoded, err := idna.Lookup.ToASCII(host)
		if err != nil {
			return "", false
		}
		host = encoded
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "" || len(host) > maxHost {
		return "", false
	}
	for label := range strings.SplitSeq(host, ".") {
		if !validLabel(label) {
			return "", false
		}
	}
	return host, true
}

func withoutPort(host string) (string, bool) {
	name, port, found := strings.Cut(host, ":")
	if !found {
		return host, true
	}
	if len(port) > 5 {
		return "", false
	}
	for _, c := range []byte(port) {
		if c < '0' || c > '9' {
			return "", false
		}
	}
	return name, true
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func validLabel(label string) bool {
	if label == "" || len(label) > maxLabel || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	for i := range len(label) {
		c := label[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}
