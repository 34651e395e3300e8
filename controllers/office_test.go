package controllers_test

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"atrium.dev/atrium/test/rig"
)

// office is the real app of a tenant with people at work in it.
type office struct {
	*rig.App
	t                *testing.T
	requests, failed atomic.Int64
}

func startOffice(t *testing.T, r *rig.Rig, tenant string) *office {
	t.Helper()
	o := &office{t: t, App: r.Serve(rig.BuildApp(t), tenant)}
	o.Enter()
	return o
}

// work reads and writes without a pause until the test says that it is enough. Each
// request that is not answered as it should be fails the test.
func (o *office) work(people int) (enough func()) {
	var done atomic.Bool
	var working sync.WaitGroup
	for p := range people {
		working.Go(func() {
			for n := 0; !done.Load(); n++ {
				o.ask(http.MethodGet, "/api/v1/me", "", http.StatusOK)
				o.ask(http.MethodPost, "/api/v1/people", fmt.Sprintf(`{"name":"p%d-%d"}`, p, n), http.StatusCreated)
				time.Sleep(5 * time.Millisecond) // a person's pause
			}
		})
	}
	return func() {
		done.Store(true)
		working.Wait()
	}
}

func (o *office) ask(method, path, body string, want int) {
	o.requests.Add(1)
	status, err := o.Ask(method, path, body, o.Cookies)
	if err == nil && status == want {
		return
	}
	if o.failed.Add(1) <= 5 {
		o.t.Errorf("%s %s: %d, %v; want %d", method, path, status, err, want)
	}
}
