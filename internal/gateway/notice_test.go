package gateway_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"atrium.dev/atrium/api/v1alpha1"
)

// offices are companies in every state in which no app answers.
func offices(t *testing.T, f *fixture) {
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_ = conn.Close()
	}))
	t.Cleanup(broken.Close)
	gone := closedPort(t)
	f.lead(nil,
		company{name: "new", hosts: []string{"new.test"}},
		company{name: "starting", hosts: []string{"starting.test"}, upstream: gone},
		company{name: "failed", hosts: []string{"failed.test"}, upstream: gone, condition: v1alpha1.ConditionStalled},
		company{name: "never", hosts: []string{"never.test"}, condition: v1alpha1.ConditionStalled},
		company{name: "asleep", hosts: []string{"asleep.test"}, upstream: broken.Listener.Addr().String(), condition: v1alpha1.ConditionReady, suspended: true},
		company{name: "silent", hosts: []string{"silent.test"}, upstream: gone, condition: v1alpha1.ConditionReady},
		company{name: "nameless", hosts: []string{"nameless.test"}, upstream: "office.tenant-x.invalid:80"},
		company{name: "broken", hosts: []string{"broken.test"}, upstream: broken.Listener.Addr().String(), condition: v1alpha1.ConditionReady},
		company{name: "<script>alert(1)</script>", hosts: []string{"evil.test"}})
}

func TestNotices(t *testing.T) {
	f := start(t)
	offices(t, f)
	for _, test := range []struct {
		host       string
		status     int
		code       string
		retryAfter string
		title      string
		refresh    bool
	}{
		{"unknown.test", 404, "gateway_unknown_host", "", "这个地址没有办公室", false},
		{"xn--55qx5d.test", 404, "gateway_unknown_host", "", "这个地址没有办公室", false},
		{"127.0.0.1", 404, "gateway_unknown_host", "", "这个地址没有办公室", false},
		{"[::1]:80", 404, "gateway_unknown_host", "", "这个地址没有办公室", false},
		{strings.Repeat("a.", 2000) + "test", 404, "gateway_unknown_host", "", "这个地址没有办公室", false},
		{"new.test", 503, "gateway_office_starting", "3", "new公司的办公室正在启动", true},
		{"starting.test", 503, "gateway_office_starting", "3", "starting公司的办公室正在启动", true},
		{"nameless.test", 503, "gateway_office_starting", "3", "nameless公司的办公室正在启动", true},
		{"failed.test", 503, "gateway_office_failed", "60", "failed公司的办公室暂时无法使用", true},
		{"never.test", 503, "gateway_office_failed", "60", "never公司的办公室暂时无法使用", true},
		{"asleep.test", 503, "gateway_suspended", "600", "asleep公司的办公室已暂停使用", true},
		{"silent.test", 502, "gateway_office_silent", "5", "silent公司的办公室没有应答", true},
		{"broken.test", 502, "gateway_broke_off", "5", "连接中断", false},
	} {
		t.Run(test.host[:min(len(test.host), 20)], func(t *testing.T) {
			r := f.request(http.MethodGet, "http://gateway/people", nil, "Accept", "text/html,application/xhtml+xml")
			r.Host = test.host
			res, page := f.do(r)
			if res.StatusCode != test.status || res.Header.Get("Retry-After") != test.retryAfter ||
				!strings.Contains(page, "<h1>"+test.title+"</h1>") {
				t.Errorf("page: %d, Retry-After %q, %s", res.StatusCode, res.Header.Get("Retry-After"), page)
			}
			if strings.Contains(page, `http-equiv="refresh"`) != test.refresh {
				t.Errorf("the page refreshes itself: %v, want %v", !test.refresh, test.refresh)
			}
			checkPage(t, res, page)

			r = f.request(http.MethodGet, "http://gateway/api/v1/people", nil, "Accept", "text/html")
			r.Host = test.host
			res, body := f.do(r)
			var problem struct {
				Status          int
				Code, RequestID string
			}
			err := json.Unmarshal([]byte(body), &problem)
			if err != nil || res.Header.Get("Content-Type") != "application/problem+json" || res.StatusCode != test.status ||
				problem.Status != test.status || problem.Code != test.code || problem.RequestID != res.Header.Get("X-Request-Id") {
				t.Errorf("problem: %d %s, %v", res.StatusCode, body, err)
			}
		})
	}
}

// checkPage wants a page that needs nothing from elsewhere and may do nothing.
func checkPage(t *testing.T, res *http.Response, page string) {
	t.Helper()
	style := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(page)
	if style == nil {
		t.Fatal("the page has no style")
	}
	sum := sha256.Sum256([]byte(style[1]))
	want := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	if got := res.Header.Get("Content-Security-Policy"); got != want {
		t.Errorf("policy %q, want %q", got, want)
	}
	if regexp.MustCompile(`(?i)\s(src|href|style|on[a-z]+)=|<script|<link|url\(`).MatchString(page) {
		t.Errorf("the page reaches outside itself: %s", page)
	}
	for _, part := range []string{`<html lang="zh-CN">`, `<section lang="en">`, "prefers-color-scheme:dark", res.Header.Get("X-Request-Id")} {
		if !strings.Contains(page, part) {
			t.Errorf("the page lacks %q", part)
		}
	}
	if res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("Server") != "" {
		t.Errorf("headers %v", res.Header)
	}
}

func TestACompanyNameIsText(t *testing.T) {
	f := start(t)
	offices(t, f)
	_, page := f.get("http://evil.test/", "Accept", "text/html")
	if strings.Contains(page, "<script") || !strings.Contains(page, "&lt;script&gt;") {
		t.Errorf("the name became markup: %s", page)
	}
}

func TestHeadGetsNoBody(t *testing.T) {
	f := start(t)
	f.lead(nil)
	answer := f.raw("HEAD / HTTP/1.1\r\nHost: unknown.test\r\nConnection: close\r\n\r\n")
	if head, body, _ := strings.Cut(answer, "\r\n\r\n"); !strings.HasPrefix(head, "HTTP/1.1 404 ") || body != "" {
		t.Errorf("answer %q", answer)
	}
}

func TestBeforeTheFirstTable(t *testing.T) {
	f := start(t)
	if res, page := f.get("http://acme.test/", "Accept", "text/html"); res.StatusCode != http.StatusServiceUnavailable || !strings.Contains(page, "平台正在启动") {
		t.Errorf("%d %s", res.StatusCode, page)
	}
}

func TestAccessLogHoldsNoSecrets(t *testing.T) {
	f := start(t)
	f.serveAcme(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Header.Get("X-Request-Id"))
	})
	r := f.request(http.MethodPost, "http://acme.test/auth/first?token=geheim1", strings.NewReader("password=geheim2"),
		"Authorization", "Bearer geheim3", "Cookie", "session=geheim4", "Referer", "http://acme.test/?token=geheim5")
	_, id := f.do(r)
	f.get("http://new.test/x?token=geheim6")
	entry := f.logged(2)[0]
	for key, want := range map[string]any{
		"tenant": "acme", "tenant_id": "id-of-acme", "method": "POST", "host": "acme.test", "path": "/auth/first", "status": 200.0, "client": "127.0.0.1",
		"request_id": id, "bytes": float64(len(id)),
	} {
		if entry[key] != want {
			t.Errorf("the log says %s: %v, want %v", key, entry[key], want)
		}
	}
	if _, ok := entry["duration_ms"].(float64); !ok {
		t.Errorf("no duration in %v", entry)
	}
	if log := f.log.String(); strings.Contains(log, "geheim") {
		t.Errorf("a secret is in the log: %s", log)
	}
}

// A suspended office gets no request, also while its pods still end, and its
// refusals are no errors that wake somebody.
func TestASuspendedOfficeGetsNoRequest(t *testing.T) {
	f := start(t)
	app := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the app got a request") }))
	t.Cleanup(app.Close)
	f.lead(nil, company{name: "acme", hosts: []string{"acme.test"}, upstream: app.Listener.Addr().String(), condition: "Ready", suspended: true})
	if res, body := f.get("http://acme.test/api/v1/me"); res.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, `"code":"gateway_suspended"`) {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	f.logged(1)
	if n := f.counter("atrium_gateway_errors_total", "tenant", "acme"); n != 0 {
		t.Errorf("%v errors were counted", n)
	}
	if n := f.counter("atrium_gateway_refused_requests_total", "tenant", "acme", "reason", "gateway_suspended"); n != 1 {
		t.Errorf("%v refusals were counted, want 1", n)
	}
}

func TestAConflictIsLoggedOnceAndCounted(t *testing.T) {
	f := start(t)
	both := []company{{name: "acme", hosts: []string{"oa.test"}}, {name: "globex", hosts: []string{"oa.test"}}}
	f.lead(nil, both...)
	f.lead(nil, both...)
	if got := strings.Count(f.log.String(), "two tenants hold one host name"); got != 1 {
		t.Errorf("logged %d times, want once", got)
	}
	if got := f.counter("atrium_gateway_host_conflicts"); got != 1 {
		t.Errorf("%v conflicts counted, want 1", got)
	}
	f.lead(nil, both[0])
	if got := f.counter("atrium_gateway_host_conflicts"); got != 0 {
		t.Errorf("%v conflicts counted after the end, want none", got)
	}
}
