package agent_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"atrium.dev/atrium/test/env"
)

func (o *outage) openFront() {
	target := &url.URL{Scheme: "http", Host: o.ways[1].Listen}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // it is signed
	}}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if o.busy.Add(-1) >= 0 {
			http.Error(w, "slow down", http.StatusServiceUnavailable)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	o.t.Cleanup(front.Close)
	o.front = front.URL
}

// trouble is what goes wrong. Begin gives what ends it.
type trouble struct {
	name  string
	front bool // the agent reaches the store through the front
	begin func(o *outage) (end func() error)
}

var troubles = []trouble{
	{"kill -9 of the agent", false, func(o *outage) func() error {
		_ = syscall.Kill(-o.agent, syscall.SIGKILL) // it may have ended just now
		return func() error { return nil }
	}},
	{"kill -9 of PostgreSQL", false, func(o *outage) func() error {
		o.server.Stop()
		return func() error { return patiently(o.server.Again) }
	}},
	{"kill -9 of MinIO", false, func(o *outage) func() error {
		o.store.Stop()
		return func() error { return patiently(o.storeAgain) }
	}},
	{"503", true, func(o *outage) func() error {
		o.busy.Store(1 + o.chance.Int32N(30))
		return func() error { return nil }
	}},
	{"connections cut and refused", false, func(o *outage) func() error {
		for _, w := range o.ways {
			w.Stop()
		}
		return func() error {
			for _, w := range o.ways {
				if err := w.Start(); err != nil {
					return err
				}
			}
			return nil
		}
	}},
	{"no room for the database", false, func(o *outage) func() error {
		free, err := crowd(o.dataDir)
		return func() error {
			if err != nil {
				return err
			}
			if err := free(); err != nil {
				return err
			}
			if o.server.Exec("postgres", "SELECT 1") == nil {
				return nil
			}
			o.server.Stop() // without room for its log it gives up
			return patiently(o.server.Again)
		}
	}},
	{"no room for the store", false, func(o *outage) func() error {
		free, err := crowd(o.storeDir)
		return func() error {
			if err != nil {
				return err
			}
			return free()
		}
	}},
	{"slow answers", false, func(o *outage) func() error {
		err := o.slow()
		return func() error {
			if err != nil {
				return err
			}
			for _, w := range o.ways {
				if err := w.Toxics.RemoveToxic(o.t.Context(), "slow"); err != nil {
					return err
				}
			}
			return nil
		}
	}},
}

// patiently starts a server again: what is still dying may hold its port for a moment.
func patiently(start func() error) error {
	for try := 1; ; try++ {
		if err := start(); err == nil || try == 20 {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func (o *outage) slow() error {
	for _, w := range o.ways {
		if _, err := w.Toxics.AddToxicJson(strings.NewReader(`{"name":"slow","type":"latency","stream":"downstream","attributes":{"latency":200,"jitter":200}}`)); err != nil {
			return err
		}
	}
	return nil
}

func (o *outage) storeAgain() error {
	_, port, err := net.SplitHostPort(strings.TrimPrefix(o.store.Endpoint, "http://"))
	if err != nil {
		return err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	now, err := env.StartMinIO(o.storeDir, number, o.store.SecretKey)
	if err == nil {
		*o.store = *now
	}
	return err
}
