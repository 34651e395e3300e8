package gateway_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/gateway"
	"atrium.dev/atrium/internal/gateway/routes"
)

// limit bounds every wait of these tests; none comes near it when all is well.
const limit = 20 * time.Second

// fixture is a gateway on loopback with Caddy in it. One runs at a time, so no
// test here is parallel.
type fixture struct {
	t        testing.TB
	gateway  *gateway.Gateway
	registry *prometheus.Registry
	log      *lockedBuffer
	addr     string
	client   *http.Client
	stopped  bool
}

type option func(*gateway.Config)

func trusting(networks string) option {
	return func(c *gateway.Config) {
		prefixes, err := gateway.ParsePrefixes(networks)
		if err != nil {
			panic(err)
		}
		c.TrustedProxies = prefixes
	}
}

func withClock(now func() time.Time) option { return func(c *gateway.Config) { c.Now = now } }

func start(t testing.TB, options ...option) *fixture {
	t.Helper()
	config := gateway.Config{Listen: "127.0.0.1:0", DrainDelay: 0, DrainLimit: limit, Now: time.Now}
	for _, o := range options {
		o(&config)
	}
	f := &fixture{t: t, registry: prometheus.NewRegistry(), log: &lockedBuffer{}}
	f.gateway = gateway.New(config, f.registry, slog.New(slog.NewJSONHandler(f.log, nil)))
	if err := f.gateway.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.stop)
	addr, err := f.gateway.Addr()
	if err != nil {
		t.Fatal(err)
	}
	f.addr = addr.String()
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, f.addr) // whatever the host name
		},
		DisableCompression: true,
	}
	t.Cleanup(transport.CloseIdleConnections)
	f.client = &http.Client{Transport: transport, Timeout: limit, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	return f
}

func (f *fixture) stop() {
	if f.stopped {
		return
	}
	f.stopped = true
	if err := f.gateway.Stop(context.Background()); err != nil {
		f.t.Error(err)
	}
}

// company is a tenant as the API would have it.
type company struct {
	name      string
	hosts     []string
	upstream  string // host:port; empty: no namespace yet
	condition string // Ready, Stalled or empty
	plan      string
	suspended bool
}

// lead puts companies into the table, with plans by name.
func (f *fixture) lead(plans map[string]v1alpha1.RequestLimits, companies ...company) {
	var tenants []*v1alpha1.Tenant
	var all []*v1alpha1.Plan
	upstreams := map[string]string{}
	for _, c := range companies {
		tenant := &v1alpha1.Tenant{
			ObjectMeta: metav1.ObjectMeta{Name: c.name},
			Spec:       v1alpha1.TenantSpec{DisplayName: c.name + "公司", Plan: c.plan, Suspended: c.suspended},
			Status:     v1alpha1.TenantStatus{ID: "id-of-" + c.name, Hosts: c.hosts},
		}
		if c.upstream != "" {
			tenant.Status.Namespace = "tenant-" + c.name
			upstreams[tenant.Status.Namespace] = c.upstream
		}
		if c.condition != "" {
			tenant.Status.Conditions = []metav1.Condition{{Type: c.condition, Status: metav1.ConditionTrue}}
		}
		tenants = append(tenants, tenant)
	}
	for name, limits := range plans {
		all = append(all, &v1alpha1.Plan{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.PlanSpec{RequestLimits: limits}})
	}
	f.gateway.SetRoutes(routes.Build(tenants, all, func(namespace string) string { return upstreams[namespace] }))
}

// serveAcme is the common case: one company whose app is handler.
func (f *fixture) serveAcme(app http.HandlerFunc) *httptest.Server {
	server := httptest.NewServer(app)
	f.t.Cleanup(server.Close)
	f.lead(nil, company{name: "acme", hosts: []string{"acme.test"}, upstream: server.Listener.Addr().String(), condition: "Ready"})
	return server
}

func (f *fixture) request(method, url string, body io.Reader, header ...string) *http.Request {
	f.t.Helper()
	r, err := http.NewRequest(method, url, body)
	if err != nil {
		f.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return r
}

func (f *fixture) do(r *http.Request) (*http.Response, string) {
	f.t.Helper()
	res, err := f.client.Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return res, string(body)
}

func (f *fixture) get(url string, header ...string) (*http.Response, string) {
	f.t.Helper()
	return f.do(f.request(http.MethodGet, url, nil, header...))
}

// raw sends bytes as they are and returns everything that comes back until the
// gateway closes the connection.
func (f *fixture) raw(bytes string) string {
	f.t.Helper()
	conn := f.dial()
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, bytes); err != nil {
		f.t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil && len(answer) == 0 {
		f.t.Fatal(err)
	}
	return string(answer)
}

func (f *fixture) dial() net.Conn {
	f.t.Helper()
	conn, err := net.Dial("tcp", f.addr)
	if err != nil {
		f.t.Fatal(err)
	}
	if err := conn.SetDeadline(time.Now().Add(limit)); err != nil {
		f.t.Fatal(err)
	}
	return conn
}

// logged waits for the access log to hold so many lines and returns them.
func (f *fixture) logged(lines int) []map[string]any {
	f.t.Helper()
	deadline := time.Now().Add(limit)
	for {
		var entries []map[string]any
		scanner := bufio.NewScanner(strings.NewReader(f.log.String()))
		for scanner.Scan() {
			var entry map[string]any
			if err := json.Unmarshal(scanner.Bytes(), &entry); err != nil {
				f.t.Fatalf("a line of the log is no JSON: %v", err)
			}
			if entry["msg"] == "request" {
				entries = append(entries, entry)
			}
		}
		if len(entries) >= lines {
			return entries
		}
		if time.Now().After(deadline) {
			f.t.Fatalf("the log has %d requests, want %d", len(entries), lines)
		}
		time.Sleep(time.Millisecond)
	}
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func TestParsePrefixes(t *testing.T) {
	got, err := gateway.ParsePrefixes(" 10.1.2.3/8, 192.0.2.1,2001:db8::/32,")
	want := []netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.1/32"), netip.MustParsePrefix("2001:db8::/32"),
	}
	if err != nil || len(got) != len(want) || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
		t.Errorf("got %v %v, want %v", got, err, want)
	}
	if _, err := gateway.ParsePrefixes("10.0.0.0/33"); err == nil {
		t.Error("a network of 33 bits was taken")
	}
}

func TestOneGatewayPerProcess(t *testing.T) {
	start(t)
	second := gateway.New(gateway.Config{Listen: "127.0.0.1:0", Now: time.Now}, prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
	if err := second.Start(); err == nil {
		t.Fatal("a second gateway started; Caddy would have ended the first")
	}
}
