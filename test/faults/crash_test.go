package faults

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/rig"
)

// stage is one piece of work in a tenant's life.
type stage struct {
	name  string
	begin func(c *crash, tenant string)
	ended func(*v1alpha1.Tenant) bool // nil: the Tenant is gone
	works bool                        // people can work at the end
}

func stages() []stage {
	applied := func(t *v1alpha1.Tenant) bool {
		return rig.IsReady(t) && rig.Condition(t, v1alpha1.ConditionHealthy).Reason == v1alpha1.ReasonAnswering &&
			t.Status.Plan == t.Spec.Plan && t.Status.Release == t.Spec.Release && t.Status.Operation.Step == "Done"
	}
	rotated := func(t *v1alpha1.Tenant) bool {
		return applied(t) && t.Status.Credentials != nil && t.Status.Credentials.Rotation == t.Annotations[v1alpha1.AnnotationRotate]
	}
	suspended := func(t *v1alpha1.Tenant) bool {
		return rig.Condition(t, v1alpha1.ConditionReady).Reason == v1alpha1.ReasonSuspended && t.Status.ObservedGeneration == t.Generation &&
			t.Status.Operation.Step == "Done"
	}
	return []stage{
		{"create", (*crash).create, applied, true},
		{"change plan, release and hosts", (*crash).change, applied, true},
		{"rotate credentials", (*crash).rotate, rotated, true},
		{"suspend", (*crash).suspend, suspended, false},
		{"resume", (*crash).resume, applied, true},
		{"delete under Retain", (*crash).remove, nil, false},
		{"adopt", (*crash).adopt, applied, true},
		{"delete under Delete", (*crash).remove, nil, false},
	}
}

// crash is a run of all stages.
type crash struct {
	*rig.Rig
	deaths   *deaths
	operator *rig.Operator
	ids      map[string]string
}

// share of the points that make test takes, others each day; ROUNDS=1 takes all.
const share = 10

// chance is the percentage of the points that may not come again, or few of a small
// share: how often a status is written depends on how events fall together, and some
// acts are the first of an installation alone.
const (
	chance = 5
	few    = 3
)

// models are never disturbed: what differs between the two is chance.
var models = []string{"model-one", "model-two"}

// The operator's process dies before and after every act of a tenant's life, and a
// fresh one starts with empty memory: each tenant comes to what it would have been,
// and nothing is left over. The acts are those of an undisturbed run, so an act that
// is added to the product is covered here without a change.
func TestCrashPoints(t *testing.T) {
	c := &crash{Rig: rig.New(t), deaths: newDeaths(), ids: map[string]string{}}
	c.Create(rig.Plan("large", 2))
	c.Create(&v1alpha1.Release{ObjectMeta: rig.Named("0.2.0"), Spec: v1alpha1.ReleaseSpec{
		Version: "0.2.0", Image: strings.ReplaceAll(rig.Image, "0000", "2000"), SchemaVersion: 2,
	}})
	c.start()
	survived, missed, enumerated, taken := 0, 0, 0, 0
	random := rand.New(rand.NewPCG(uint64(seed(t)), 0)) //nolint:gosec // not for secrets
	var pool []string
	for i, st := range stages() {
		began := time.Now()
		points := c.undisturbed(st)
		enumerated += len(points)
		if !long() {
			random.Shuffle(len(points), func(i, j int) { points[i], points[j] = points[j], points[i] })
			points = points[:(len(points)+share-1)/share]
		}
		pool = c.enough(pool, len(points)+spare, stages()[:i])
		n, never := c.disturbed(t, st, points, pool)
		survived, missed, taken = survived+n, missed+never, taken+len(points)
		t.Logf("%-32s %3d of %3d points, %s", st.name, n, len(points), time.Since(began).Round(time.Second/10))
	}
	t.Logf("crash points: %d enumerated, %d taken, %d died at and converged, %d never came again", enumerated, taken, survived, missed)
	if survived != taken-missed || enumerated < 200 {
		t.Errorf("%d of %d crash points were survived, %d enumerated", survived, taken-missed, enumerated)
	}
	if missed > max(few, taken*chance/100) {
		t.Errorf("%d of %d crash points never came again, more than %d %%", missed, taken, chance)
	}
}

// enough tenants for a number of points; new ones go the way of the others first.
func (c *crash) enough(pool []string, n int, before []stage) []string {
	var added []string
	for len(pool)+len(added) < n {
		added = append(added, fmt.Sprintf("p-%03d", len(pool)+len(added)))
	}
	for _, st := range before {
		c.run(st, added)
		c.remember(added)
	}
	return append(pool, added...)
}

func (c *crash) start() {
	c.operator = c.Operate(func(w *rig.Wiring) {
		w.Config.QPS = -1
		w.Gate = c.deaths.gate
	})
}

// undisturbed runs a stage for the models and says at which points a process could
// die in it.
func (c *crash) undisturbed(st stage) []point {
	for _, name := range models {
		c.deaths.watch(name)
	}
	c.run(st, models)
	c.Rests(0)
	return c.deaths.points(models)
}

func (c *crash) run(st stage, tenants []string) {
	for _, name := range tenants {
		st.begin(c, name)
	}
	c.wait(st, tenants)
}

// wait until all tenants have ended a stage.
func (c *crash) wait(st stage, tenants []string) {
	c.T.Helper()
	waiting := slices.Clone(tenants)
	c.await(st.name, func() bool {
		now := c.tenants()
		waiting = slices.DeleteFunc(waiting, func(name string) bool { return c.ended(st, now[name]) })
		return len(waiting) == 0
	}, func() string { return fmt.Sprint(waiting, "\n", c.describe(waiting[0])) })
}

// await is Eventually for many tenants at once.
func (c *crash) await(what string, holds func() bool, state func() string) {
	c.T.Helper()
	deadline := time.Now().Add(4 * rig.Patient)
	for tick := time.NewTicker(50 * time.Millisecond); !holds(); <-tick.C {
		if time.Now().After(deadline) {
			c.T.Fatalf("%s: not within %s\n%s", what, 4*rig.Patient, state())
		}
	}
}

func (c *crash) describe(name string) string {
	if t := c.tenants()[name]; t != nil {
		return rig.Describe(t)
	}
	return name + " is not there"
}

func (c *crash) ended(st stage, t *v1alpha1.Tenant) bool {
	if st.ended == nil {
		return t == nil
	}
	return t != nil && st.ended(t)
}

func (c *crash) tenants() map[string]*v1alpha1.Tenant {
	var list v1alpha1.TenantList
	rig.Check(c.T, c.Client.List(c.T.Context(), &list))
	all := map[string]*v1alpha1.Tenant{}
	for i := range list.Items {
		all[list.Items[i].Name] = &list.Items[i]
	}
	return all
}

// spare tenants die at points that did not come for others: what one waits for may
// have been there already.
const spare = 6

// disturbed runs a stage for one tenant per point, each of which sees its process
// die there, and returns how many of them came to what the models are, and how many
// points never came.
func (c *crash) disturbed(t *testing.T, st stage, points []point, pool []string) (survived, missed int) {
	diedAt := map[string]point{}
	fresh, todo := pool, points
	for len(todo) > 0 && len(fresh) >= len(todo) {
		used := fresh[:len(todo)]
		fresh = fresh[len(todo):]
		todo = c.die(st, todo, used, diedAt)
	}
	for _, p := range todo {
		t.Logf("%s: %s never came again", st.name, p)
	}
	// The rest of the pool goes the same way, so that the next stage finds them all alike.
	c.run(st, fresh)
	c.Rests(0)
	c.remember(slices.Concat(models, pool))
	facts, orphans := c.Census(c.ids)
	if len(orphans) > 0 {
		t.Errorf("%s: orphans %v", st.name, orphans)
	}
	unlike, odd := facts[models[0]].Chance(facts[models[1]])
	if len(odd) > 0 {
		t.Errorf("%s: two tenants that nothing disturbed differ: %v", st.name, odd)
	}
	for _, name := range pool {
		differences := facts[name].Differ(facts[models[0]], unlike)
		at, died := diedAt[name]
		if len(differences) > 0 {
			t.Errorf("%s: died %s, and now\n%s", st.name, at, strings.Join(differences[:min(len(differences), 8)], "\n"))
		} else if died {
			survived++
		}
	}
	c.works(t, st, pool)
	return survived, len(todo)
}

// die begins a stage for tenants whose process dies at one point each, starts a
// fresh one that ends the stage, and returns the points that did not come.
func (c *crash) die(st stage, points []point, used []string, diedAt map[string]point) (missed []point) {
	for i, name := range used {
		c.deaths.arm(name, points[i])
		st.begin(c, name)
	}
	alive := func() []string {
		now := c.tenants()
		return slices.DeleteFunc(slices.Clone(used), func(name string) bool { return c.deaths.isDead(name) || c.ended(st, now[name]) })
	}
	c.await(st.name+": each process dies", func() bool { return len(alive()) == 0 }, func() string { return fmt.Sprint(alive()) })
	c.operator.Cut()
	for i, name := range used {
		if c.deaths.isDead(name) {
			diedAt[name] = points[i]
		} else {
			missed = append(missed, points[i])
		}
	}
	c.deaths = newDeaths()
	c.start()
	c.wait(st, used)
	return missed
}

// remember the ids of tenants, which outlive them.
func (c *crash) remember(names []string) {
	now := c.tenants()
	for _, name := range names {
		if t := now[name]; t != nil && t.Status.ID != "" {
			if before := c.ids[name]; before != "" && before != t.Status.ID {
				c.T.Errorf("%s was %s and is %s now", name, before, t.Status.ID)
			}
			c.ids[name] = t.Status.ID
		}
	}
}

// works tries what chance alone decided: passwords, credentials, tokens.
func (c *crash) works(t *testing.T, st stage, names []string) {
	if !st.works {
		return
	}
	for _, name := range names {
		for _, secret := range []string{v1alpha1.SecretOfficeDatabase, v1alpha1.SecretOfficeMigrate} {
			conn := rig.Connect(t, rig.File[contract.Database](t, c.Rig, "tenant-"+name, secret, contract.FileDatabase))
			if err := conn.Ping(t.Context()); err != nil {
				t.Errorf("%s: %s of %s: %v", st.name, secret, name, err)
			}
			_ = conn.Close(t.Context())
		}
	}
}

func (c *crash) create(name string) {
	c.Create(rig.Company(name, confirmed))
}

func confirmed(t *v1alpha1.Tenant) {
	t.Annotations = map[string]string{v1alpha1.AnnotationConfirmDeletion: t.Name}
}

// change puts data into place and changes all that a person may.
func (c *crash) change(name string) {
	id := c.tenants()[name].Status.ID
	c.AsSuperuser(func(conn *pgx.Conn) {
		for _, statement := range []string{`SET ROLE t_` + id + `_owner`, `CREATE TABLE t_` + id + `_1.people AS SELECT '王芳'::text AS name`} {
			_, err := conn.Exec(c.T.Context(), statement)
			rig.Check(c.T, err)
		}
	})
	c.PutObject(c.Installation + "-" + id)
	c.Change(name, func(t *v1alpha1.Tenant) {
		t.Spec.Plan, t.Spec.Release, t.Spec.DisplayName = "large", "0.2.0", "新名字"
		t.Spec.Hosts = []string{"oa." + name + ".cn"}
	})
}

func (c *crash) rotate(name string) {
	c.Change(name, func(t *v1alpha1.Tenant) { t.Annotations[v1alpha1.AnnotationRotate] = "once" })
}

func (c *crash) suspend(name string) {
	c.Change(name, func(t *v1alpha1.Tenant) { t.Spec.Suspended = true })
}

func (c *crash) resume(name string) {
	c.Change(name, func(t *v1alpha1.Tenant) { t.Spec.Suspended = false })
}

func (c *crash) remove(name string) {
	rig.Check(c.T, c.Client.Delete(c.T.Context(), &v1alpha1.Tenant{ObjectMeta: rig.Named(name)}))
}

func (c *crash) adopt(name string) {
	c.Eventually(name+" is gone", func() bool {
		return apierrors.IsNotFound(c.Client.Get(c.T.Context(), client.ObjectKey{Name: name}, &v1alpha1.Tenant{}))
	}, func() string { return "" })
	c.Create(rig.Company(name, confirmed, func(t *v1alpha1.Tenant) {
		t.Spec.Adopt, t.Spec.DeletionPolicy = c.ids[name], v1alpha1.DeletionDelete
		t.Spec.Release, t.Spec.Plan = "0.2.0", "large"
	}))
}
