//go:build e2e

package e2e

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// answerLimit bounds one request through the gateway.
const answerLimit = 15 * time.Second

// visitor is a program that uses a company's address as a browser would: it keeps
// cookies, and its requests say where they come from.
type visitor struct {
	origin  string // http://acme.localhost:8080
	cookies map[string]string
	client  *http.Client
}

// clone is the same visitor for use at the same time.
func (v *visitor) clone() *visitor {
	return &visitor{origin: v.origin, cookies: maps.Clone(v.cookies), client: v.client}
}

// answer is what came back, read to its end.
type answer struct {
	status int
	header http.Header
	body   string
}

func visitorAt(origin string) *visitor {
	dialer := &net.Dialer{Timeout: answerLimit}
	return &visitor{
		origin: strings.TrimSuffix(origin, "/"), cookies: map[string]string{},
		client: &http.Client{
			Timeout: answerLimit,
			// Names below localhost lead to this machine in browsers; the
			// system's resolver does not know them everywhere.
			Transport: &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				host, port, err := net.SplitHostPort(address)
				if err == nil && strings.HasSuffix(host, ".localhost") {
					address = net.JoinHostPort("127.0.0.1", port)
				}
				return dialer.DialContext(ctx, network, address)
			}},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// send makes one request. A cookie that a browser would keep is kept, Secure ones
// too: browsers trust names below localhost.
// A key other than "" makes the same call again the same call.
func (v *visitor) send(ctx context.Context, method, path, key, contentType string, body []byte) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, v.origin+path, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Accept", "text/html, application/json;q=0.9")
	if strings.HasPrefix(path, "/api/") {
		request.Header.Set("Accept", "application/json")
	}
	for name, value := range v.cookies {
		request.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	if method != http.MethodGet {
		request.Header.Set("Origin", v.origin)
		request.Header.Set("Content-Type", contentType)
		request.Header.Set("Idempotency-Key", cmp.Or(key, rand.Text()))
	}
	response, err := v.client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, fmt.Errorf("%s %s: read the answer: %w", method, request.URL, err)
	}
	for _, c := range response.Cookies() {
		if v.cookies[c.Name] = c.Value; c.MaxAge < 0 || c.Value == "" {
			delete(v.cookies, c.Name)
		}
	}
	return answer{response.StatusCode, response.Header, string(read)}, nil
}

// get fetches a path and fails the test when nobody answers.
func (v *visitor) get(t testing.TB, path string) answer {
	t.Helper()
	a, err := v.send(t.Context(), http.MethodGet, path, "", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// people counts everybody whom the visitor may see in the directory, by name.
func (v *visitor) people(ctx context.Context) (map[string]int, error) {
	found := map[string]int{}
	for cursor := ""; ; {
		a, err := v.send(ctx, http.MethodGet, "/api/v1/people?limit=100&cursor="+cursor, "", "", nil)
		if err != nil {
			return nil, err
		}
		if a.status != http.StatusOK {
			return nil, fmt.Errorf("list the people of %s: %d %s", v.origin, a.status, a.body)
		}
		var page struct {
			Items []struct{ Name string }
			Next  string
		}
		if err := json.Unmarshal([]byte(a.body), &page); err != nil {
			return nil, fmt.Errorf("list the people of %s: %w", v.origin, err)
		}
		for _, p := range page.Items {
			found[p.Name]++
		}
		if cursor = page.Next; cursor == "" {
			return found, nil
		}
	}
}
