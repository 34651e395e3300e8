//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// steadyPace is the time between two requests of one company's traffic.
const steadyPace = 250 * time.Millisecond

// gatewayAddress is host:port of the gateway's Service. This machine is the node, so
// it needs no forwarder, which would wait for a refused connection.
func gatewayAddress(t testing.TB) string {
	t.Helper()
	service, err := object[corev1.Service](t.Context(), "service", "gateway", "-n", systemNamespace)
	if err != nil {
		t.Fatal(err)
	}
	return net.JoinHostPort(service.Spec.ClusterIP, fmt.Sprint(service.Spec.Ports[0].Port))
}

// strict is a client that has a new connection to the gateway for each request and
// tries nothing again.
func strict(gateway string) *http.Client {
	dialer := &net.Dialer{}
	return &http.Client{
		Transport: &http.Transport{
			DisableKeepAlives: true, DisableCompression: true,
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return dialer.DialContext(ctx, network, gateway)
			},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// fetch sends a GET and returns the answer's body, unread.
func fetch(ctx context.Context, client *http.Client, url string) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(io.LimitReader(response.Body, 300))
		_ = response.Body.Close()
		return nil, fmt.Errorf("%s %s: %s", url, response.Status, said)
	}
	return response.Body, nil
}

// readAll is fetch with the body read as fast as it comes.
func readAll(ctx context.Context, client *http.Client, url string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	body, err := fetch(ctx, client, url)
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	return io.ReadAll(body)
}

// heard is one request of a company's traffic.
type heard struct {
	sent, ended time.Time
	err         error // nil: the sign-in page came, whole
}

// traffic asks for a company's sign-in page again and again.
type traffic struct {
	mu   sync.Mutex
	all  []heard
	stop func() []heard // ends it and returns what was heard, in the order of the ends
}

// keepAsking begins a company's traffic. It ends with the test.
func keepAsking(t testing.TB, client *http.Client, origin string) *traffic {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	running := &traffic{}
	var open sync.WaitGroup
	open.Go(func() {
		tick := time.NewTicker(steadyPace)
		defer tick.Stop()
		for ctx.Err() == nil {
			open.Go(func() {
				h := heard{sent: time.Now()}
				_, h.err = readAll(context.WithoutCancel(ctx), client, origin+"/login")
				h.ended = time.Now()
				running.mu.Lock()
				defer running.mu.Unlock()
				running.all = append(running.all, h)
			})
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
	})
	running.stop = func() []heard {
		cancel()
		open.Wait()
		return running.all
	}
	t.Cleanup(func() { running.stop() })
	return running
}

// silence is the longest time between two answers.
func silence(all []heard) time.Duration {
	var longest time.Duration
	var last time.Time
	for _, h := range all {
		if h.err != nil {
			continue
		}
		if !last.IsZero() {
			longest = max(longest, h.ended.Sub(last))
		}
		last = h.ended
	}
	return longest
}

// failed are the requests that were not answered as they should be.
func failed(all []heard) []heard {
	return slices.DeleteFunc(slices.Clone(all), func(h heard) bool { return h.err == nil })
}

// summary is what a report says of failed requests: the first few.
func summary(all []heard) string {
	var out strings.Builder
	for _, h := range all[:min(len(all), 5)] {
		_, _ = fmt.Fprintf(&out, "\n  sent %s, ended after %s: %v", h.sent.Format("15:04:05.000"), h.ended.Sub(h.sent).Round(time.Millisecond), h.err)
	}
	return out.String()
}
