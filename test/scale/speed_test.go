package scale

import (
	"context"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/test/rig"
)

const (
	singly = 15 // companies that are made one after another
	atOnce = 4  // companies that the script makes at a time; the operator's workers
	// slowest is how much longer than the script the operator may take for one
	// company, and throughput the least share of the script's for many.
	slowest, throughput = 1.5, 0.7
)

// TestSpeed onboards companies by the operator, one after another and many at once,
// and then others by a bare script that repeats the operator's own writes to the API
// server, statements and calls to the store, and waits for the same hands. Times
// depend on the machine, so it runs only when asked for (make scale).
func TestSpeed(t *testing.T) {
	count, asked := companies(t)
	if !asked {
		t.Skip("set TENANTS (make scale)")
	}
	r, recorder := rig.New(t), &tape{}
	r.Operate(func(w *rig.Wiring) {
		w.Config.ContentType = runtime.ContentTypeJSON // names in it can be replaced
		w.Config.Wrap(func(next http.RoundTripper) http.RoundTripper { return recorder.through(next, false) })
		w.Options.Tracer = recorder
		w.Options.Wrap = func(next http.RoundTripper) http.RoundTripper { return recorder.through(next, true) }
	})
	r.Create(rig.Company("warm"))
	r.Healthy("warm")
	plain := record(t, r, recorder)
	t.Logf("%d calls an onboarding", len(plain.calls))

	one := median(singly, func(i int) {
		name := fmt.Sprintf("one-%03d", i)
		r.Create(rig.Company(name))
		r.Ready(name)
	})
	many := took(func() {
		var names []string
		for i := range count {
			names = append(names, fmt.Sprintf("many-%03d", i))
			r.Create(rig.Company(names[i]))
		}
		r.All(names, "ready", rig.IsReady)
	})
	r.Stop()

	number := uint64(0)
	bare := func(name string) error {
		number++
		return plain.company(t, r, name, idOf(number))
	}
	oneBare := median(singly, func(i int) { rig.Check(t, bare(fmt.Sprintf("bare-%03d", i))) })
	manyBare := took(func() {
		var all sync.WaitGroup
		for worker := range atOnce {
			all.Go(func() {
				for i := worker; i < count; i += atOnce {
					if err := plain.company(t, r, fmt.Sprintf("each-%03d", i), idOf(uint64(10_000+i))); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
	})
	ratio, share := one.Seconds()/oneBare.Seconds(), manyBare.Seconds()/many.Seconds()
	t.Logf("one company: operator %s, script %s, ratio %.2f", one.Round(time.Millisecond), oneBare.Round(time.Millisecond), ratio)
	t.Logf("%d at once: operator %.1f a second, script %.1f a second, share %.2f", count, float64(count)/many.Seconds(), float64(count)/manyBare.Seconds(), share)
	if ratio > slowest {
		t.Errorf("the operator takes %.2f times as long as a script, more than %.1f", ratio, slowest)
	}
	if share < throughput {
		t.Errorf("the operator reaches %.2f of a script's throughput, less than %.1f", share, throughput)
	}
}

// record lets the operator make one company and keeps what it did.
func record(t *testing.T, r *rig.Rig, recorder *tape) *script {
	t.Helper()
	const name = "taped"
	recorder.begin()
	r.Create(rig.Company(name))
	made := r.Ready(name)
	// The counts of plans and servers are theirs, not this company's.
	calls := slices.DeleteFunc(recorder.end(), func(c call) bool {
		return strings.HasPrefix(c.path, "/apis/atrium.dev/") && !strings.Contains(c.path, "/tenants/")
	})
	for _, c := range calls {
		t.Logf("%s %s%s", c.method, c.path, short(c.sql))
	}
	secure, err := rest.HTTPClientFor(r.Config)
	rig.Check(t, err)
	config, err := pgxpool.ParseConfig(r.Database.DSN())
	rig.Check(t, err)
	config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
	config.MaxConns = atOnce
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	rig.Check(t, err)
	t.Cleanup(pool.Close)
	return &script{calls: calls, name: name, id: made.Status.ID, api: secure, host: strings.TrimSuffix(r.Config.Host, "/"), store: r.Store, pool: pool}
}

func short(sql string) string {
	sql = strings.Join(strings.Fields(sql), " ")
	return sql[:min(len(sql), 70)]
}

// company makes the Tenant, does what the operator did, and waits where it waited.
func (s *script) company(t *testing.T, r *rig.Rig, name, id string) error {
	if err := r.Client.Create(t.Context(), rig.Company(name)); err != nil {
		return err
	}
	namespace := "tenant-" + name
	return s.onboard(t.Context(), name, id, func(path string) error {
		path, _, _ = strings.Cut(path, "?")
		switch {
		case strings.Contains(path, "/jobs/"):
			return until(t.Context(), func() bool {
				var jobs batchv1.JobList
				return r.Client.List(t.Context(), &jobs, client.InNamespace(namespace)) == nil && len(jobs.Items) == 1 && jobs.Items[0].Status.Succeeded == 1
			})
		case strings.HasSuffix(path, "/deployments/office"):
			return until(t.Context(), func() bool {
				var d appsv1.Deployment
				return r.Client.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: "office"}, &d) == nil && d.Status.AvailableReplicas == 1
			})
		}
		return nil
	})
}

func until(ctx context.Context, holds func() bool) error {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// idOf is an id that the operator could have given.
func idOf(number uint64) string {
	var raw [8]byte
	binary.BigEndian.PutUint64(raw[:], number)
	text := strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw[:]))
	return "z" + text[len(text)-9:]
}

func took(do func()) time.Duration {
	began := time.Now()
	do()
	return time.Since(began)
}

func median(count int, do func(int)) time.Duration {
	var all []time.Duration
	for i := range count {
		all = append(all, took(func() { do(i) }))
	}
	slices.Sort(all)
	return all[len(all)/2]
}
