package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/test/rig"
)

const (
	standsStill = 800 * time.Millisecond // at most, at a time
	resync      = 5 * time.Minute        // of the tenant controller
	bystanders  = 2
)

// atOnce is how many schedules share an operator: two of each story, or six.
func atOnce() int {
	if long() {
		return 6 * len(stories)
	}
	return 2 * len(stories)
}

// An operator whose view of the cluster is old, has gaps or jumps never deletes,
// adopts or changes what is not of the Tenant that it was told of.
func TestStaleView(t *testing.T) {
	batches, begin := rounds(t, 1), seed(t)
	merged, slowest := 0, time.Duration(0)
	for batch := range batches {
		t.Run(fmt.Sprintf("batch %d", batch), func(t *testing.T) {
			m, s := staleBatch(t, begin+int64(batch))
			merged, slowest = merged+m, max(slowest, s)
		})
	}
	t.Logf("stale view: %d schedules, %d differences shown late, converged within %s", batches*atOnce(), merged, slowest.Round(time.Second/10))
}

func staleBatch(t *testing.T, begin int64) (merged int, slowest time.Duration) {
	r, v := rig.New(t), newView()
	o := r.Operate(v.look)
	ids := map[string]string{}
	for i := range bystanders {
		name := fmt.Sprintf("bystander-%d", i)
		r.Create(rig.Company(name))
		ids[name] = r.Healthy(name).Status.ID
	}
	r.Rests(0)
	before, _ := r.Census(ids)
	var lives []*life
	for i := range atOnce() {
		random := rand.New(rand.NewPCG(uint64(begin), uint64(i))) //nolint:gosec // not for secrets
		lives = append(lives, &life{name: fmt.Sprintf("life-%02d", i), story: i % len(stories), random: random, client: r.Client})
	}
	half := len(lives) / 2
	stop := v.flicker(t.Context(), begin, slices.Collect(func(yield func(string) bool) {
		for _, l := range lives {
			_ = yield(l.name)
		}
	}))
	playAll(t, lives[:half])
	// Another process: its first lists show the first half as it once was.
	for _, l := range lives[:half] {
		v.freeze(l.name)
	}
	o.Cut()
	r.Operate(v.look)
	playAll(t, lives[half:])
	stop()
	whole := time.Now()
	for _, l := range lives {
		v.thaw(l.name)
	}
	for _, l := range lives {
		r.Healthy(l.name)
	}
	r.Rests(0)
	if slowest = time.Since(whole); slowest > resync {
		t.Errorf("converged %s after the view was whole again, want one resync", slowest)
	}
	judge(t, r, lives)
	after, _ := r.Census(ids)
	for name := range ids {
		if differences := after[name].Differ(before[name], nil); len(differences) > 0 {
			t.Errorf("%s, to which nothing happened, changed: %v", name, differences)
		}
	}
	return v.merged, slowest
}

// flicker freezes and thaws tenants at random until it is stopped.
func (v *view) flicker(ctx context.Context, begin int64, names []string) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	for i, name := range names {
		random := rand.New(rand.NewPCG(uint64(begin), uint64(1000+i))) //nolint:gosec // not for secrets
		all.Go(func() {
			for ctx.Err() == nil {
				v.freeze(name)
				linger(ctx, random, standsStill)
				v.thaw(name)
				linger(ctx, random, standsStill/2)
			}
		})
	}
	return func() { cancel(); all.Wait() }
}

func linger(ctx context.Context, random *rand.Rand, most time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(time.Duration(random.Int64N(int64(most)))):
	}
}

func playAll(t *testing.T, lives []*life) {
	t.Helper()
	var all sync.WaitGroup
	for _, l := range lives {
		all.Go(func() {
			if err := l.play(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// judge looks at what is left of each life.
func judge(t *testing.T, r *rig.Rig, lives []*life) {
	t.Helper()
	for _, l := range lives {
		now := r.Ready(l.name)
		if now.Status.ID != l.last.id {
			t.Errorf("%s, story %d: is %s, was %s", l.name, l.story, now.Status.ID, l.last.id)
		}
		var n corev1.Namespace
		rig.Check(t, r.Client.Get(t.Context(), client.ObjectKey{Name: "tenant-" + l.name}, &n))
		if string(n.UID) != l.last.namespace {
			t.Errorf("%s, story %d: its namespace was deleted and made again", l.name, l.story)
		}
		for _, former := range l.former {
			if former.id == now.Status.ID {
				t.Errorf("%s, story %d: it has the data of a former company", l.name, l.story)
			}
			left := strings.Join(r.Left(former.id), " ")
			whole := strings.Contains(left, "schema") && strings.Contains(left, "bucket") && strings.Contains(left, "row retained")
			if former.kept && !whole || !former.kept && left != "row dropped" {
				t.Errorf("%s, story %d: of the former company %s (kept: %v) there is %s", l.name, l.story, former.id, former.kept, left)
			}
		}
		if left := r.Left(now.Status.ID); !slices.Contains(left, "bucket") || !slices.Contains(left, "row active") {
			t.Errorf("%s, story %d: there is only %v", l.name, l.story, left)
		}
		r.AsSuperuser(func(conn *pgx.Conn) {
			var rows int
			rig.Check(t, conn.QueryRow(t.Context(), `SELECT count(*) FROM atrium.tenants WHERE name = $1 AND state = 'active'`, l.name).Scan(&rows))
			if rows != 1 {
				t.Errorf("%s, story %d: %d active registry rows", l.name, l.story, rows)
			}
		})
	}
}
