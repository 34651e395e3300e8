package faults

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/minio/minio-go/v7"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/postgres"
	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/rig"
)

// The operator dies, or stands still past the end of its lease, at acts that chance chooses
// while two companies are backed up, ruined, taken back to their backups, perhaps have that
// undone, and are tried by a drill: another one goes on, each of that comes to its end
// at the attempt at which it would have, and nothing is left of it.
func TestBackupsOutliveTheOperator(t *testing.T) {
	c := newCopied(t)
	n := rounds(t, 5)
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
		c.agents.work()
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

// goesOn lets the operator go on that stood still, until it learns that another one took
// over. That one looks at each company again, as after its next event.
func (c *copied) goesOn() {
	if c.former == nil {
		return
	}
	c.Now.Forward(time.Minute) // its heartbeat is due
	c.former.Thaw()
	if err := c.former.Wait(); err != nil && !fault.Is(err, v1alpha1.ReasonFenceLost) {
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

// schema that the registry says a company has.
func (c *copied) schema(company string) (schema string) {
	c.AsSuperuser(func(conn *pgx.Conn) {
		rig.Check(c.t, conn.QueryRow(c.t.Context(), `SELECT schema FROM atrium.tenants WHERE id = $1`, c.ids[company]).Scan(&schema))
	})
	return schema
}

func (c *copied) write(company string, do func(conn *pgx.Conn, schema string)) {
	schema := c.schema(company)
	c.AsSuperuser(func(conn *pgx.Conn) { do(conn, schema) })
}

// hire adds a person to a company, ruin leaves somebody else alone and takes its file.
func (c *copied) hire(company, name string) {
	c.write(company, func(conn *pgx.Conn, schema string) {
		_, err := conn.Exec(c.t.Context(), `INSERT INTO `+schema+`.people VALUES ($1)`, "王芳 "+name)
		rig.Check(c.t, err)
	})
	c.PutObject(c.Installation + "-" + c.ids[company])
}

func (c *copied) ruin(company, name string) {
	c.write(company, func(conn *pgx.Conn, schema string) {
		_, err := conn.Exec(c.t.Context(), `UPDATE `+schema+`.people SET name = $1`, "nobody "+name)
		rig.Check(c.t, err)
	})
	rig.Check(c.t, c.Root().RemoveObject(c.t.Context(), c.Installation+"-"+c.ids[company], "a/b", minio.RemoveObjectOptions{}))
}

// served are the people whom a company's app finds, where nothing names a schema.
func (c *copied) served(company string) (names []string) {
	c.t.Helper()
	d := rig.File[contract.Database](c.t, c.Rig, "tenant-"+company, v1alpha1.SecretOfficeDatabase, contract.FileDatabase)
	conn := rig.Connect(c.t, d)
	defer func() { _ = conn.Close(c.t.Context()) }()
	var schema string
	rig.Check(c.t, conn.QueryRow(c.t.Context(), `SELECT current_schema()`).Scan(&schema))
	if registered := c.schema(company); schema != registered || d.Schema != registered {
		c.t.Errorf("%s: its app finds %s and is told %s, and the registry says %s", company, schema, d.Schema, registered)
	}
	return people(c.t, conn, schema)
}

// are looks at what companies have after a part of a round: whom they serve, how many
// schemas they have, and that nobody works on them.
func (c *copied) are(what string, schemas int, want map[string][]string) {
	c.t.Helper()
	for _, company := range firms {
		if got := c.served(company); !slices.Equal(got, want[company]) {
			c.t.Errorf("%s is %s and has %v, want %v", company, what, got, want[company])
		}
		id := c.ids[company]
		c.AsSuperuser(func(conn *pgx.Conn) {
			var hold, holder string
			var open bool
			var n int
			rig.Check(c.t, conn.QueryRow(c.t.Context(), `SELECT hold, backup, (SELECT rolcanlogin FROM pg_roles WHERE rolname = $2),
				(SELECT count(*) FROM pg_namespace WHERE starts_with(nspname, 't_'||$1||'_')) FROM atrium.tenants WHERE id = $1`,
				id, postgres.NamesOf(id, 1).Backup).Scan(&hold, &holder, &open, &n))
			if hold+holder != "" || open || n != schemas {
				c.t.Errorf("%s is %s: held by %q, backed up by %q, its reader's login open: %v, %d schemas, want %d", company, what, hold, holder, open, n, schemas)
			}
		})
	}
	c.whole()
}

// leaves compares all that there is with what there was before the first round.
func (c *copied) leaves(round string) {
	c.t.Helper()
	for _, company := range firms { // a day later
		for _, label := range []string{v1alpha1.LabelBackup, v1alpha1.LabelRestore} {
			for _, kind := range []client.Object{&batchv1.Job{}, &corev1.Pod{}} {
				rig.Check(c.t, c.Client.DeleteAllOf(c.t.Context(), kind, client.InNamespace("tenant-"+company), client.HasLabels{label},
					client.PropagationPolicy(metav1.DeletePropagationBackground), client.GracePeriodSeconds(0)))
			}
		}
	}
	c.Rests(0)
	now := c.facts()
	for _, company := range firms {
		for _, d := range now[company].Differ(c.start[company], nil) {
			if c.late && given.MatchString(d) {
				continue // until the next backup begins
			}
			c.t.Errorf("%s left %s: %s", round, company, d)
		}
	}
	c.late = false
}

// given is what an agent is given.
var given = regexp.MustCompile(`^too much: (Secret|ConfigMap|NetworkPolicy) tenant-<name>/(backup|restore)-`)

// further is the number of a company's schema.
var further = regexp.MustCompile(`t_<id>_\d+`)

// changing are paths of facts that a round changes: the latest backup and drill are told
// of, the file went and came back, and the row and what migrated it tell of a restore.
var changing = []string{"Tenant /<name>.status.backup.", ".object.a/b", "registry row.data_epoch", "settings.json.dataEpoch", "registry row.target", "Job tenant-<name>/migrate-"}

// facts are those that a round leaves as they were, but for the schema's number.
func (c *copied) facts() map[string]rig.Facts {
	all, orphans := c.Census(c.ids)
	if len(orphans) > 0 {
		c.t.Errorf("orphans %v", orphans)
	}
	for company, facts := range all {
		all[company] = rig.Facts{}
		for path, value := range facts {
			if !slices.ContainsFunc(changing, func(part string) bool { return strings.Contains(path, part) }) {
				all[company][further.ReplaceAllString(path, "t_<id>_n")] = further.ReplaceAllString(value, "t_<id>_n")
			}
		}
	}
	return all
}
