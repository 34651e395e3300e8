package gateway

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"net/http"
	"strconv"
	"strings"
)

var (
	//go:embed notice.html
	pageSource string
	//go:embed notice.css
	styleSource string

	page = template.Must(template.New("notice").Parse(pageSource))

	// policy lets a page of ours use its own style and nothing else at all.
	policy = func() string {
		sum := sha256.Sum256([]byte(styleSource))
		return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	}()
)

// problem is a notice for programs, in the shape of the app's own errors (RFC 9457).
type problem struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Detail    string `json:"detail"`
	Code      string `json:"code"`
	RequestID string `json:"requestId"`
}

// give answers with a notice: a page for people, a problem for programs.
func (g *Gateway) give(x *exchange, n notice) {
	if x.status != 0 {
		return // the app's answer has begun; nothing can be said any more
	}
	x.reason = n.code
	if x.route != nil {
		n = n.naming(x.route)
	}
	h := x.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	if n.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(n.retry))
	}
	if n.close {
		h.Set("Connection", "close")
	}
	var out []byte
	if wantsPage(x.request) {
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", policy)
		out = g.page(x, n)
	} else {
		h.Set("Content-Type", "application/problem+json")
		out = g.problem(x, n)
	}
	h.Set("Content-Length", strconv.Itoa(len(out)))
	x.WriteHeader(n.status)
	if x.request.Method != http.MethodHead {
		_, _ = x.Write(out) // the client may have gone; there is nobody else to tell
	}
}

func (g *Gateway) page(x *exchange, n notice) []byte {
	var out bytes.Buffer
	err := page.Execute(&out, map[string]any{
		"Style": template.CSS(styleSource), "Refresh": n.refresh, "Retry": n.retry, "RequestID": x.client.requestID,
		"ZhTitle": n.zh.title, "ZhText": n.zh.text, "EnTitle": n.en.title, "EnText": n.en.text,
	})
	if err != nil {
		g.log.Error("write a page", "error", err)
	}
	return out.Bytes()
}

func (g *Gateway) problem(x *exchange, n notice) []byte {
	out, err := json.Marshal(problem{
		Type: "about:blank", Title: n.en.title, Status: n.status, Detail: n.zh.text + " " + n.en.text,
		Code: n.code, RequestID: x.client.requestID,
	})
	if err != nil {
		g.log.Error("write a problem", "error", err)
	}
	return out
}

// wantsPage tells people from programs: browsers name text/html when they go to a
// page, and scripts of the app talk below /api.
func wantsPage(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "text/html") && !strings.HasPrefix(r.URL.Path, "/api/")
}
