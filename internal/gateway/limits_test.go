package gateway_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"atrium.dev/atrium/api/v1alpha1"
)

// limited has one company on a plan with these limits.
func limited(t *testing.T, f *fixture, limits v1alpha1.RequestLimits, app http.HandlerFunc) {
	server := f.serveAcme(app)
	f.lead(map[string]v1alpha1.RequestLimits{"small": limits}, company{
		name: "acme", hosts: []string{"acme.test"}, upstream: server.Listener.Addr().String(), condition: "Ready", plan: "small",
	})
}

func TestBodyLimit(t *testing.T) {
	const most = 1 << 20
	received := make(chan error, 10)
	f := start(t)
	limited(t, f, v1alpha1.RequestLimits{MaxBodyBytes: most, RequestsPerSecond: 1000, Burst: 1000}, func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		received <- err
		_, _ = io.WriteString(w, strconv.FormatInt(n, 10))
	})
	chunked := func(r io.Reader) io.Reader { return struct{ io.Reader }{r} } // hides the length
	for _, test := range []struct {
		name    string
		body    io.Reader
		status  int
		reaches bool // the app sees the request at all
	}{
		{"as large as allowed", bytes.NewReader(make([]byte, most)), http.StatusOK, true},
		{"as large as allowed, in chunks", chunked(bytes.NewReader(make([]byte, most))), http.StatusOK, true},
		{"one byte more", bytes.NewReader(make([]byte, most+1)), http.StatusRequestEntityTooLarge, false},
		{"one byte more, in chunks", chunked(bytes.NewReader(make([]byte, most+1))), http.StatusRequestEntityTooLarge, true},
		{"far too much, in chunks", chunked(io.LimitReader(zeros{}, 64<<20)), http.StatusRequestEntityTooLarge, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			res, body, err := f.try(f.request(http.MethodPost, "http://acme.test/api/v1/upload", test.body))
			switch {
			case err != nil && test.status == http.StatusRequestEntityTooLarge:
				// The gateway closed while we were still sending: the access log says why.
			case err != nil:
				t.Fatal(err)
			case res.StatusCode != test.status:
				t.Errorf("status %d %s, want %d", res.StatusCode, body, test.status)
			case test.status == http.StatusOK && body != strconv.Itoa(most):
				t.Errorf("the app received %s bytes, want %d", body, most)
			}
			if !test.reaches {
				return
			}
			if err := <-received; (err == nil) != (test.status == http.StatusOK) {
				t.Errorf("the app read the body with error %v: a body that is cut must never look complete", err)
			}
		})
	}
	for i, entry := range f.logged(5)[2:] {
		if entry["status"] != float64(http.StatusRequestEntityTooLarge) || entry["reason"] != "gateway_too_large" {
			t.Errorf("request %d is in the log as %v", i+2, entry)
		}
	}
	if got := f.counter("atrium_gateway_refused_requests_total", "tenant", "acme", "reason", "gateway_too_large"); got != 3 {
		t.Errorf("%v refusals counted, want 3", got)
	}
}

// try is do for requests that the gateway may cut off.
func (f *fixture) try(r *http.Request) (*http.Response, string, error) {
	res, err := f.client.Do(r)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	return res, string(body), err
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func TestTooLargeSaysSo(t *testing.T) {
	f := start(t)
	limited(t, f, v1alpha1.RequestLimits{MaxBodyBytes: 1 << 20, RequestsPerSecond: 1000, Burst: 1000}, func(http.ResponseWriter, *http.Request) {
		t.Error("the app was asked")
	})
	answer := f.raw("POST /api/v1/x HTTP/1.1\r\nHost: acme.test\r\nContent-Length: 1048577\r\n\r\n")
	if !strings.HasPrefix(answer, "HTTP/1.1 413 ") || !strings.Contains(answer, "Connection: close\r\n") {
		t.Errorf("answer: %s", answer)
	}
	var problem struct{ Code, Title, Detail string }
	_, body, _ := strings.Cut(answer, "\r\n\r\n")
	if err := json.Unmarshal([]byte(body), &problem); err != nil || problem.Code != "gateway_too_large" ||
		!strings.Contains(problem.Detail, "最多可上传 1 MB") {
		t.Errorf("problem %+v %v", problem, err)
	}
}

func TestRateLimit(t *testing.T) {
	now := newClock()
	f := start(t, withClock(now.Now))
	limited(t, f, v1alpha1.RequestLimits{MaxBodyBytes: 1 << 20, RequestsPerSecond: 2, Burst: 8}, func(http.ResponseWriter, *http.Request) {})
	count := func(n int) (passed int, last *http.Response) {
		for range n {
			res, _ := f.get("http://acme.test/")
			if res.StatusCode == http.StatusOK {
				passed++
				continue
			}
			last = res
		}
		return passed, last
	}
	passed, refused := count(6)
	if passed != 4 {
		t.Errorf("%d passed, want half of the burst of 8", passed)
	}
	if refused.StatusCode != http.StatusTooManyRequests || refused.Header.Get("Retry-After") != "1" {
		t.Errorf("%d, Retry-After %q; want 429 and 1", refused.StatusCode, refused.Header.Get("Retry-After"))
	}
	now.pass(1e9) // one second: half of two requests
	if passed, _ := count(3); passed != 1 {
		t.Errorf("%d passed after a second, want 1", passed)
	}
	if got := f.counter("atrium_gateway_requests_total", "tenant", "acme", "code", "4xx"); got != 4 {
		t.Errorf("%v refusals counted, want 4", got)
	}
}

// An upload that breaks off is the client's fault, not the company's.
func TestAnUploadThatBreaksOff(t *testing.T) {
	for _, test := range []struct {
		name, request string
		leaves        bool
		status        []float64
	}{
		// Whether the end of the body or that of the connection is seen first is chance.
		{"the client leaves", "Content-Length: 100\r\n\r\nhalf", true, []float64{http.StatusRequestTimeout, 499}},
		{"broken chunks", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nno number\r\n", false, []float64{http.StatusRequestTimeout}},
	} {
		t.Run(test.name, func(t *testing.T) {
			read := make(chan error, 1)
			f := start(t)
			f.serveAcme(func(_ http.ResponseWriter, r *http.Request) {
				_, err := io.Copy(io.Discard, r.Body)
				read <- err
				panic(http.ErrAbortHandler) // an answer could overtake the end of the upload
			})
			conn := f.dial()
			defer func() { _ = conn.Close() }()
			if _, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: acme.test\r\n"+test.request); err != nil {
				t.Fatal(err)
			}
			if test.leaves {
				_ = conn.Close()
			}
			if err := <-read; !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("the app read the body with %v, want an unexpected end", err)
			}
			if entry := f.logged(1)[0]; !slices.Contains(test.status, entry["status"].(float64)) {
				t.Errorf("the log says %v, want a status of %v", entry, test.status)
			}
			if got := f.counter("atrium_gateway_errors_total", "tenant", "acme"); got != 0 {
				t.Errorf("%v errors counted for the company, want none", got)
			}
		})
	}
}
