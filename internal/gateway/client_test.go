package gateway_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// mirror answers with the headers that the app got.
func mirror(w http.ResponseWriter, r *http.Request) {
	_ = json.NewEncoder(w).Encode(map[string]any{"host": r.Host, "header": r.Header, "trailer": r.Trailer})
}

type seen struct {
	Host   string
	Header http.Header
}

// mirrored sends a raw request, closes and says what the app saw.
func (f *fixture) mirrored(prefix, header string) seen {
	f.t.Helper()
	answer := f.raw(prefix + "GET / HTTP/1.1\r\nHost: acme.test\r\nConnection: close\r\n" + header + "\r\n")
	head, body, _ := strings.Cut(answer, "\r\n\r\n")
	var s seen
	if err := json.NewDecoder(strings.NewReader(body)).Decode(&s); err != nil || !strings.HasPrefix(head, "HTTP/1.1 200 ") {
		f.t.Fatalf("the app was not reached: %v in %q", err, answer)
	}
	return s
}

func (s seen) expect(t *testing.T, header string, values ...string) {
	t.Helper()
	if got := s.Header[header]; fmt.Sprint(got) != fmt.Sprint(values) {
		t.Errorf("the app sees %s: %q, want %q", header, got, values)
	}
}

const forged = "X-Atrium-Client: 6.6.6.6\r\nx-atrium-client: 6.6.6.7\r\nX_Atrium_Client: 6.6.6.8\r\nX.Atrium.Client: 6.6.6.9\r\n" +
	"X-Atrium-Tenant: globex\r\nX-Request-Id: forged-by-me\r\nX-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\n" +
	"X-Forwarded-Host: globex.test\r\nX-Forwarded-Port: 1\r\nForwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\n"

func expectUnforged(t *testing.T, s seen, client string) {
	t.Helper()
	s.expect(t, "X-Atrium-Client", client)
	s.expect(t, "X-Forwarded-For", client)
	s.expect(t, "X-Forwarded-Proto", "http")
	s.expect(t, "X-Forwarded-Host", "acme.test")
	for _, name := range []string{"X_atrium_client", "X.atrium.client", "X-Atrium-Tenant", "X-Forwarded-Port", "Forwarded", "X-Real-Ip"} {
		s.expect(t, name)
	}
	if id := s.Header["X-Request-Id"]; len(id) != 1 || len(id[0]) != 26 {
		t.Errorf("the app sees request id %q, want a new one", id)
	}
	if s.Host != "acme.test" {
		t.Errorf("the app sees host %q", s.Host)
	}
}

func TestAClientCannotPretendToBeSomebodyElse(t *testing.T) {
	for name, test := range map[string]struct {
		trust, prefix, header string
		client                string
	}{
		"nobody is trusted":        {header: forged, client: "127.0.0.1"},
		"somebody else is trusted": {trust: "10.0.0.0/8", header: forged, client: "127.0.0.1"},
		// The load balancer forwards bytes and says by PROXY who the client is: that
		// client's headers are not the load balancer's word.
		"behind a PROXY header": {trust: "127.0.0.0/8", prefix: "PROXY TCP4 203.0.113.9 127.0.0.1 5555 80\r\n", header: forged, client: "203.0.113.9"},
		// A proxy removes the headers that Connection names. Ours come afterwards.
		"Connection names our headers": {
			header: "Connection: X-Atrium-Client, X-Request-Id, X-Forwarded-For, x-forwarded-host, X-Forwarded-Proto, close\r\n", client: "127.0.0.1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t, trusting(test.trust))
			f.serveAcme(mirror)
			expectUnforged(t, f.mirrored(test.prefix, test.header), test.client)
		})
	}
}

func TestATrustedProxyIsBelieved(t *testing.T) {
	f := start(t, trusting("127.0.0.1,10.0.0.0/8"))
	f.serveAcme(mirror)
	s := f.mirrored("", "X-Forwarded-For: 6.6.6.6, 203.0.113.9, 10.1.2.3\r\nX-Forwarded-Proto: https\r\nX-Request-Id: from-the-balancer-1\r\n"+
		"X-Atrium-Client: 6.6.6.6\r\nX-Forwarded-Host: globex.test\r\n")
	s.expect(t, "X-Atrium-Client", "203.0.113.9") // the last one that no trusted proxy has
	s.expect(t, "X-Forwarded-Proto", "https")
	s.expect(t, "X-Request-Id", "from-the-balancer-1")
	s.expect(t, "X-Forwarded-Host", "acme.test")

	for _, id := range []string{"", "under_score", strings.Repeat("x", 65), "with space", "a;drop table", "x*/;--", "ünïcödé-id"} {
		if got := f.mirrored("", "X-Request-Id: "+id+"\r\n").Header["X-Request-Id"]; len(got) != 1 || got[0] == id {
			t.Errorf("request id %q became %q, want a new one", id, got)
		}
	}
	f.mirrored("", "X-Forwarded-Proto: javascript\r\n").expect(t, "X-Forwarded-Proto", "http")
	f.mirrored("", "X-Forwarded-For: not an address\r\n").expect(t, "X-Atrium-Client", "127.0.0.1")
}

func TestProxyProtocol(t *testing.T) {
	v2 := "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c" + string(net.IPv4(203, 0, 113, 9).To4()) + string(net.IPv4(127, 0, 0, 1).To4()) +
		string(binary.BigEndian.AppendUint16(nil, 5555)) + string(binary.BigEndian.AppendUint16(nil, 80))
	f := start(t, trusting("127.0.0.1"))
	f.serveAcme(mirror)
	for name, test := range map[string]struct{ prefix, client string }{
		"v1":     {"PROXY TCP4 203.0.113.9 127.0.0.1 5555 80\r\n", "203.0.113.9"},
		"v1 IP6": {"PROXY TCP6 2001:db8::9 ::1 5555 80\r\n", "2001:db8::9"},
		"v2":     {v2, "203.0.113.9"},
		"none":   {"", "127.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			f.mirrored(test.prefix, "").expect(t, "X-Atrium-Client", test.client)
		})
	}
	f.stop()
	f = start(t, trusting("10.0.0.0/8"))
	f.serveAcme(func(http.ResponseWriter, *http.Request) {
		t.Error("the app was reached past a PROXY header of a stranger")
	})
	for _, prefix := range []string{"PROXY TCP4 203.0.113.9 127.0.0.1 5555 80\r\n", v2} {
		if answer := f.raw(prefix + "GET / HTTP/1.1\r\nHost: acme.test\r\nConnection: close\r\n\r\n"); !strings.HasPrefix(answer, "HTTP/1.1 400 ") {
			t.Errorf("the gateway answers a stranger's PROXY header with %q", answer)
		}
	}
}

// Requests that a gateway and an app could read differently never reach the app,
// or reach it as one request with one meaning.
func TestSmuggling(t *testing.T) {
	f := start(t)
	type request struct{ method, target, host, body string }
	requests := make(chan request, 10)
	f.serveAcme(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		requests <- request{r.Method, r.URL.RequestURI(), r.Host, string(body)}
	})
	const smuggled = "GET /smuggled HTTP/1.1\r\nHost: acme.test\r\nConnection: close\r\n\r\n"
	for name, raw := range map[string]string{
		"two lengths":            "POST / HTTP/1.1\r\nHost: acme.test\r\nContent-Length: 0\r\nContent-Length: 64\r\n\r\n" + smuggled,
		"length and list":        "POST / HTTP/1.1\r\nHost: acme.test\r\nContent-Length: 0, 64\r\n\r\n" + smuggled,
		"signed length":          "POST / HTTP/1.1\r\nHost: acme.test\r\nContent-Length: +0\r\n\r\n" + smuggled,
		"space before the colon": "POST / HTTP/1.1\r\nHost: acme.test\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + smuggled,
		"unknown coding":         "POST / HTTP/1.1\r\nHost: acme.test\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + smuggled,
		"two codings":            "POST / HTTP/1.1\r\nHost: acme.test\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + smuggled,
		"folded header":          "POST / HTTP/1.1\r\nHost: acme.test\r\n Transfer-Encoding: chunked\r\n\r\n" + smuggled,
		"two hosts":              "GET / HTTP/1.1\r\nHost: acme.test\r\nHost: globex.test\r\n\r\n" + smuggled,
		"no host":                "GET / HTTP/1.1\r\n\r\n" + smuggled,
		"zero byte":              "GET / HTTP/1.1\r\nHost: acme.test\r\nX: a\x00b\r\n\r\n" + smuggled,
		"line feed in target":    "GET /\n HTTP/1.1\r\nHost: acme.test\r\n\r\n" + smuggled,
		"headers without end":    "GET / HTTP/1.1\r\nHost: acme.test\r\nX: " + strings.Repeat("a", 64<<10) + "\r\n\r\n",
	} {
		answer := f.raw(raw)
		if !strings.HasPrefix(answer, "HTTP/1.1 4") && !strings.HasPrefix(answer, "HTTP/1.1 5") {
			t.Errorf("%s: answered with %.100q", name, answer)
		}
		select {
		case r := <-requests:
			t.Errorf("%s: the app got %+v", name, r)
		default:
		}
	}

	// Both framings at once: chunked wins, and the app gets one framing only.
	f.raw("POST /both HTTP/1.1\r\nHost: acme.test\r\nConnection: close\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
	if got, want := <-requests, (request{"POST", "/both", "acme.test", "hello"}); got != want {
		t.Errorf("the app got %+v, want %+v", got, want)
	}
	// The host of an absolute target counts, for the table and for the app.
	f.raw("GET http://acme.test/absolute HTTP/1.1\r\nHost: globex.test\r\nConnection: close\r\n\r\n")
	if got, want := <-requests, (request{"GET", "/absolute", "acme.test", ""}); got != want {
		t.Errorf("the app got %+v, want %+v", got, want)
	}
}

// An upgrade to HTTP/2 would be a tunnel past this handler.
func TestOnlyWebSocketsMayUpgrade(t *testing.T) {
	f := start(t)
	f.serveAcme(mirror)
	for _, header := range []string{
		"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n",
		"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n",
		"Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n",
		"Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n",
	} {
		s := f.mirrored("", header)
		s.expect(t, "Upgrade")
		s.expect(t, "Http2-Settings")
	}
	for _, method := range []string{"TRACE / HTTP/1.1", "CONNECT acme.test:80 HTTP/1.1"} {
		answer := f.raw(method + "\r\nHost: acme.test\r\nConnection: close\r\n\r\n")
		if !strings.HasPrefix(answer, "HTTP/1.1 405 ") {
			t.Errorf("%s is answered with %.100q", method, answer)
		}
	}
}
