package faults

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/test/rig"
)

// The operator dies, or stands still past the end of its lease, at acts that chance chooses
// while two companies are backed up, ruined, taken back to their backups, perhaps have that
// undone, and are tried by a drill: another one goes on, each of that comes to its end
// at the attempt at which it would have, and nothing is left of it.
func TestBackupsOutliveTheOperator(t *testing.T) {
	c := newCopied(t)
	n := rounds(t, 3)
	for i := range n {
		c.round(fmt.Sprintf("r%d", i+1))
	}
	c.calm()
	t.Logf("backups outlive the operator: %d rounds, it died %d times and stood still %d times, and %d times not in time", n, c.deaths, c.stood, c.missed)
	if c.deaths+c.stood < 2*n || c.deaths == 0 {
		t.Errorf("the operator died %d times only", c.deaths)
	}
}

// copied are companies that are backed up and restored.
type copied struct {
	*rig.Rig
	*agents
	t        *testing.T
	random   *rand.Rand
	operator *rig.Operator
	mortal   *mortal
	former   *rig.Operator // that stands still; nil: none does
	ids      map[string]string
	start    map[string]rig.Facts
	acts     map[string]int // that each part of a round took last

	still bool // nothing is disturbed
	late  bool // an operator that stood still went on after the last look at what is left

	deaths, stood, missed int
}

var firms = []string{"acme", "globex"}

func newCopied(t *testing.T) *copied {
	r := rig.New(t)
	c := &copied{
		Rig: r, agents: &agents{Rig: r, t: t, fails: map[string]bool{}, kept: map[string]saved{}}, t: t,
		random: rand.New(rand.NewPCG(uint64(seed(t)), 0)), ids: map[string]string{}, acts: map[string]int{}, //nolint:gosec // not for secrets
	}
	c.Now.Forward(10 * time.Minute) // an attempt follows a failed one at once
	c.operate()
	for _, name := range firms {
		c.Create(rig.Company(name))
	}
	for _, name := range firms {
		company := c.Healthy(name)
		c.ids[name] = company.Status.ID
		c.write(name, func(conn *pgx.Conn, schema string) {
			_, err := conn.Exec(t.Context(), `SET ROLE t_`+company.Status.ID+`_owner; CREATE TABLE `+schema+`.people (name text)`)
			rig.Check(t, err)
		})
		c.PutObject(company.Status.Bucket)
	}
	c.Rests(0)
	c.start = c.facts()
	return c
}

func (c *copied) operate() {
	c.mortal = &mortal{}
	c.operator = c.Operate(func(w *rig.Wiring) { w.Config.QPS, w.Gate = -1, c.mortal.gate })
}

// round is all that happens to the companies once.
func (c *copied) round(name string) {
	want := map[string][]string{}
	for _, company := range firms {
		c.fails[company] = c.random.IntN(4) == 0
		c.hire(company, name)
		want[company] = c.served(company)
	}
	copyOf := func(company string) string { return company + "-" + name }
	c.part("backup", func(company string) {
		c.Create(&v1alpha1.TenantBackup{ObjectMeta: rig.Named(copyOf(company)), Spec: v1alpha1.TenantBackupSpec{Tenant: company, Type: c.kind()}})
	}, func(company string) bool { return c.backedUp(copyOf(company)) })
	ruins := map[string][]string{}
	for _, company := range firms {
		c.ruin(company, name)
		ruins[company] = c.served(company)
	}
	c.part("restore", func(company string) {
		c.Create(restoreOf(company, copyOf(company), copyOf(company), v1alpha1.RestoreInPlace))
	}, func(company string) bool { return c.restored(company, copyOf(company), v1alpha1.ConditionComplete) })
	c.are("restored", 2, want)
	if c.random.IntN(2) == 0 {
		want = ruins
		c.part("undo", func(company string) {
			rig.Edit(c.Rig, copyOf(company), &v1alpha1.TenantRestore{}, func(tr *v1alpha1.TenantRestore) { tr.Spec.Undo = true })
		}, func(company string) bool { return c.restored(company, copyOf(company), v1alpha1.ConditionUndone) })
		c.are("undone", 2, want)
	}
	c.part("drill", func(company string) {
		rig.Check(c.t, c.Client.Delete(c.t.Context(), &v1alpha1.TenantRestore{ObjectMeta: rig.Named(copyOf(company))}))
		c.Create(restoreOf(company, copyOf(company), "drill-"+copyOf(company), v1alpha1.RestoreDrill))
	}, func(company string) bool {
		err := c.Client.Get(c.t.Context(), client.ObjectKey{Name: copyOf(company)}, &v1alpha1.TenantRestore{})
		return apierrors.IsNotFound(err) && c.restored(company, "drill-"+copyOf(company), v1alpha1.ConditionComplete)
	})
	c.are("drilled", 1, want)
	c.leaves(name)
}

// calm makes one more backup that nothing disturbs: then nothing is left of what an
// operator has made too late.
func (c *copied) calm() {
	c.still = true
	for _, company := range firms {
		c.hire(company, "calm")
		// As an operator would, had it stood still while it made this.
		c.Create(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "tenant-" + company, Name: "backup-late", Labels: map[string]string{
			v1alpha1.LabelTenantID: c.ids[company], v1alpha1.LabelComponent: v1alpha1.AgentName, v1alpha1.LabelBackup: company + "-r1",
		}}})
	}
	c.part("backup", func(company string) {
		c.Create(&v1alpha1.TenantBackup{ObjectMeta: rig.Named(company + "-calm"), Spec: v1alpha1.TenantBackupSpec{Tenant: company, Type: c.kind()}})
	}, func(company string) bool { return c.backedUp(company + "-calm") })
	c.late = false
	c.whole()
	c.leaves("the last one")
}

// kind of a backup: each begins a generation, or most go on from the one before.
func (c *copied) kind() v1alpha1.BackupType {
	if c.random.IntN(3) == 0 {
		return v1alpha1.BackupFull
	}
	return v1alpha1.BackupIncremental
}

func restoreOf(company, from, name string, mode v1alpha1.RestoreMode) *v1alpha1.TenantRestore {
	return &v1alpha1.TenantRestore{ObjectMeta: rig.Named(name), Spec: v1alpha1.TenantRestoreSpec{Tenant: company, Backup: from, Mode: mode}}
}

// part of a round: it begins for each company, the operator dies in it, perhaps again,
// and another one brings it to its end.
func (c *copied) part(name string, begin func(company string), ended func(company string) bool) {
	c.t.Helper()
	began, acts := time.Now(), 0
	c.arm(name)
	for _, company := range firms {
		begin(company)
	}
	var died []string
	waiting, deadline := slices.Clone(firms), time.Now().Add(4*rig.Patient)
	for tick := time.NewTicker(50 * time.Millisecond); ; <-tick.C {
		instant, seen := c.mortal.happened()
		if instant != "" {
			acts, died = acts+seen, append(died, instant)
			c.follow()
			if len(died) == 1 && c.random.IntN(3) == 0 {
				c.arm(name)
			}
			continue
		}
		c.work()
		if waiting = slices.DeleteFunc(waiting, ended); len(waiting) == 0 {
			acts += seen
			break
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("%s of %v does not end; the operator died\n%s\n%s", name, waiting, strings.Join(died, "\n"), c.said())
		}
	}
	c.mortal.disarm()
	c.acts[name] = acts
	if len(died) == 0 && !c.still {
		c.missed++
	}
	c.t.Logf("%s, %s, %d acts: %s", name, time.Since(began).Round(time.Second/10), acts, strings.Join(died, "; "))
	c.goesOn()
}

// atLeast is how many acts each part takes.
const atLeast = 40

// arm chooses the act of a part at which the operator dies, or one time of four stands
// still.
func (c *copied) arm(part string) {
	if c.still {
		return
	}
	var freeze func()
	if c.former == nil && c.random.IntN(4) == 0 {
		freeze = c.operator.Freeze
	}
	c.mortal.arm(1+c.random.IntN(max(atLeast, c.acts[part])), c.random.IntN(2) == 0, freeze)
}

// follow starts another operator after one that died or stands still.
func (c *copied) follow() {
	if c.operator.Frozen() {
		c.former = c.operator
		c.stood++
	} else {
		c.operator.Cut()
		c.deaths++
	}
	c.operate()
}

// leaseLooks is how often a leader looks whether it is that still, and so the longest time
// for which one works on that stood still.
const leaseLooks = 2 * time.Second

// goesOn lets the operator go on that stood still, until it learns that another one took
// over: by the registry's fence, or by its Lease.
func (c *copied) goesOn() {
	if c.former == nil {
		return
	}
	c.former.Thaw()
	time.Sleep(leaseLooks) // it works for a time: this is not a wait for something
	if err := c.former.End(); err != nil && !fault.Is(err, v1alpha1.ReasonFenceLost) {
		c.t.Errorf("the operator that stood still ended with %v", err)
	}
	c.former, c.late = nil, true
}

// said is what backups and restores say of themselves.
func (c *copied) said() string {
	var backups v1alpha1.TenantBackupList
	var restores v1alpha1.TenantRestoreList
	rig.Check(c.t, c.Client.List(c.t.Context(), &backups), c.Client.List(c.t.Context(), &restores))
	text := ""
	for _, b := range backups.Items {
		if !meta.IsStatusConditionTrue(b.Status.Conditions, v1alpha1.ConditionComplete) {
			text += fmt.Sprintf("backup %s: %+v\n", b.Name, b.Status)
		}
	}
	for _, tr := range restores.Items {
		text += fmt.Sprintf("restore %s: %+v\n", tr.Name, tr.Status)
	}
	for _, company := range firms {
		text += c.describe(company) + "\n"
	}
	return text
}

func (c *copied) describe(company string) string {
	var now v1alpha1.Tenant
	rig.Check(c.t, c.Client.Get(c.t.Context(), client.ObjectKey{Name: company}, &now))
	return rig.Describe(&now)
}

// backedUp says whether a backup is Complete and nothing is left to do for it.
func (c *copied) backedUp(name string) bool {
	c.t.Helper()
	var b v1alpha1.TenantBackup
	rig.Check(c.t, c.Client.Get(c.t.Context(), client.ObjectKey{Name: name}, &b))
	c.notFailed(name, b.Status.Conditions, b.Status.Attempt)
	return meta.IsStatusConditionTrue(b.Status.Conditions, v1alpha1.ConditionComplete) && len(b.Finalizers) == 0
}

// restored says whether a restore has a condition, its company is at work, and nothing is
// left to do for it.
func (c *copied) restored(company, name, condition string) bool {
	c.t.Helper()
	var tr v1alpha1.TenantRestore
	var t v1alpha1.Tenant
	rig.Check(c.t, c.Client.Get(c.t.Context(), client.ObjectKey{Name: name}, &tr), c.Client.Get(c.t.Context(), client.ObjectKey{Name: company}, &t))
	c.notFailed(name, tr.Status.Conditions, tr.Status.Attempt)
	return meta.IsStatusConditionTrue(tr.Status.Conditions, condition) && t.Annotations[v1alpha1.AnnotationRestore] == "" && rig.IsReady(&t) &&
		(tr.Spec.Mode != v1alpha1.RestoreDrill || len(tr.Finalizers) == 0)
}

func (c *copied) notFailed(name string, conditions []metav1.Condition, attempt int32) {
	c.t.Helper()
	if f := meta.FindStatusCondition(conditions, v1alpha1.ConditionFailed); f != nil && f.Status == metav1.ConditionTrue || attempt > 2 {
		c.t.Fatalf("%s failed, at attempt %d:\n%s", name, attempt, c.said())
	}
}
