package gateway_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// counter reads one series; labels are name and value in turn.
func (f *fixture) counter(name string, labels ...string) float64 {
	f.t.Helper()
	value, ok := f.series(name, labels...)
	if !ok {
		f.t.Fatalf("there is no series %s %v", name, labels)
	}
	return value
}

func (f *fixture) series(name string, labels ...string) (float64, bool) {
	f.t.Helper()
	families, err := f.registry.Gather()
	if err != nil {
		f.t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, metric := range family.GetMetric() {
			match := len(metric.GetLabel()) == len(labels)/2
			for _, label := range metric.GetLabel() {
				for i := 0; i < len(labels); i += 2 {
					match = match && (labels[i] != label.GetName() || labels[i+1] == label.GetValue())
				}
			}
			if match {
				return metric.GetCounter().GetValue() + metric.GetGauge().GetValue() + float64(metric.GetHistogram().GetSampleCount()), true
			}
		}
	}
	return 0, false
}

// clock is moved by the app under test: the time that the gateway sees pass.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func TestGoldenSignals(t *testing.T) {
	now := newClock()
	f := start(t, withClock(now.Now))
	begun := make(chan struct{})
	f.serveAcme(func(w http.ResponseWriter, r *http.Request) {
		took, err := time.ParseDuration(r.URL.Query().Get("took"))
		if err != nil {
			t.Error(err)
		}
		now.pass(took)
		if r.URL.Path == "/bad" {
			w.WriteHeader(http.StatusInternalServerError)
		}
		_ = http.NewResponseController(w).Flush()
		<-begun
		now.pass(time.Hour) // a long download is not a slow answer
	})
	if got := f.counter("atrium_gateway_requests_total", "tenant", "acme", "code", "5xx"); got != 0 {
		t.Errorf("a new company begins with %v errors", got)
	}
	for _, target := range []string{"/?took=100ms", "/?took=700ms", "/?took=3s", "/bad?took=1ms"} {
		res, err := f.client.Get("http://acme.test" + target)
		if err != nil {
			t.Fatal(err)
		}
		begun <- struct{}{}
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			t.Error(err)
		}
		_ = res.Body.Close()
	}
	f.get("http://nobody.test/")
	f.logged(5)
	for _, test := range []struct {
		want   float64
		name   string
		labels []string
	}{
		{3, "requests_total", []string{"tenant", "acme", "code", "2xx"}},
		{1, "requests_total", []string{"tenant", "acme", "code", "5xx"}},
		{1, "errors_total", []string{"tenant", "acme"}},
		{2, "slow_requests_total", []string{"tenant", "acme", "than", "0.5"}},
		{1, "slow_requests_total", []string{"tenant", "acme", "than", "2"}},
		{4, "request_duration_seconds", nil},
		{1, "unrouted_requests_total", nil},
		{1, "hosts", nil},
		{0, "in_flight_requests", nil},
	} {
		if got := f.counter("atrium_gateway_"+test.name, test.labels...); got != test.want {
			t.Errorf("%s %v is %v, want %v", test.name, test.labels, got, test.want)
		}
	}
	f.lead(nil) // the company is gone, and its series with it
	if got, ok := f.series("atrium_gateway_requests_total", "tenant", "acme", "code", "2xx"); ok {
		t.Errorf("a company that is gone still has a series: %v", got)
	}
}

func TestOpsServer(t *testing.T) {
	f := start(t)
	ops := f.gateway.Ops("", f.registry).Handler
	get := func(path string) (int, string) {
		w := httptest.NewRecorder()
		ops.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		body, _ := io.ReadAll(w.Result().Body)
		return w.Code, string(body)
	}
	if code, _ := get("/healthz"); code != http.StatusOK {
		t.Errorf("healthz says %d", code)
	}
	if code, body := get("/readyz"); code != http.StatusServiceUnavailable || !strings.Contains(body, "first list") {
		t.Errorf("readyz says %d %q before the first table", code, body)
	}
	f.lead(nil)
	if code, _ := get("/readyz"); code != http.StatusOK {
		t.Errorf("readyz says %d with a table", code)
	}
	if code, body := get("/metrics"); code != http.StatusOK || !strings.Contains(body, "atrium_gateway_hosts 0") {
		t.Errorf("metrics say %d %q", code, body)
	}
	f.stop()
	if code, body := get("/readyz"); code != http.StatusServiceUnavailable || !strings.Contains(body, "draining") {
		t.Errorf("readyz says %d %q while draining", code, body)
	}
}
