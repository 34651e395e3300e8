package faults

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/test/rig"
)

// walker walks one field of one object.
type walker struct {
	field  field
	tenant string // whose facts follow; empty where nobody's do
	object *unstructured.Unstructured
	base   any // the field's value before the walk
	moves  []move
}

// unrendered fields decide something that no tenant has in its namespace, database
// or bucket while it stands as it is.
var unrendered = []string{
	"Tenant.deletionPolicy", // at its deletion
	"Tenant.adopt",          // before it has an id
	"Tenant.plan",           // the other Plan is alike
	"Plan.requestLimits.",   // the gateway reads the Plan
	"Plan.placement.",       // for new tenants
	"Plan.egress", "Tenant.egress",
	"Tenant.outbound",                // true is what none means; see controllers TestRestoreFrom
	"Plan.backup.", "Tenant.backup.", // by backups, which stay
}

// Each field of each kind is set, taken out, set to its bounds and past them, and
// back: what is declared is what there is, a bad value is refused and keeps no good
// one from following, and at the end all is as at the beginning.
func TestSpecWalk(t *testing.T) {
	w := newWalk(t)
	longest := 0
	for _, one := range w.walkers {
		longest = max(longest, len(one.moves))
	}
	for i := range longest {
		w.round(t, i)
	}
	w.back(t)
	w.orders(t)
	t.Logf("spec walk: %d fields, %d steps: %d good ones taken, %d of %d bad ones refused at admission, accepted: %s",
		len(w.walkers), w.good+w.bad, w.good, w.refused, w.bad, strings.Join(w.accepted, "; "))
	if w.good+w.bad < 300 {
		t.Errorf("%d steps, want at least 300", w.good+w.bad)
	}
	if float64(w.refused) < 0.95*float64(w.bad) {
		t.Errorf("%d of %d bad values were refused at admission, want 95 %%", w.refused, w.bad)
	}
}

type walk struct {
	*rig.Rig
	walkers            []*walker
	ids                map[string]string
	start              map[string]rig.Facts
	good, bad, refused int
	accepted           []string
}

func newWalk(t *testing.T) *walk {
	w := &walk{Rig: rig.New(t), ids: map[string]string{}}
	other := rig.Plan("other", 1)
	w.Create(other)
	w.Create(&v1alpha1.Release{ObjectMeta: rig.Named("0.2.0"), Spec: v1alpha1.ReleaseSpec{
		Version: "0.2.0", Image: strings.ReplaceAll(rig.Image, "0000", "2000"), SchemaVersion: 2,
	}})
	w.Operate(func(o *rig.Wiring) { o.Config.QPS = -1 })
	for i, f := range fieldsOf(t, "tenants") {
		w.tenantWalker(fmt.Sprintf("walk-%d", i), f)
	}
	for i, f := range fieldsOf(t, "plans") {
		w.planWalker(fmt.Sprintf("plan-%d", i), f)
	}
	for _, one := range w.walkers {
		w.ids[one.tenant] = w.Healthy(one.tenant).Status.ID
	}
	w.spareWalkers(t)
	w.Rests(0)
	w.start, _ = w.Census(w.ids)
	return w
}

func (w *walk) add(f field, tenant string, object client.Object, kind string) {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(kind))
	rig.Check(w.T, w.Client.Get(w.T.Context(), client.ObjectKeyFromObject(object), u))
	base, _, err := unstructured.NestedFieldCopy(u.Object, append([]string{"spec"}, f.path...)...)
	rig.Check(w.T, err)
	w.walkers = append(w.walkers, &walker{field: f, tenant: tenant, object: u, base: base, moves: f.moves()})
}

func (w *walk) tenantWalker(name string, f field) {
	t := rig.Company(name)
	w.Create(t)
	w.add(f, name, t, "Tenant")
}

func (w *walk) planWalker(name string, f field) {
	plan := rig.Plan(name, 1)
	plan.Spec.Database.Connections = 44
	if f.name() == "Plan.database.connections" {
		plan.Spec.Replicas = 10
	}
	w.Create(plan)
	w.Create(rig.Company(name, func(t *v1alpha1.Tenant) { t.Spec.Plan = name }))
	w.add(f, name, plan, "Plan")
}

// spareWalkers walk servers and releases that hold nobody.
func (w *walk) spareWalkers(t *testing.T) {
	d := &v1alpha1.DatabaseServer{ObjectMeta: rig.Named("spare"), Spec: v1alpha1.DatabaseServerSpec{
		Host: w.Database.Host, Port: int32(w.Database.Port), Database: w.Database.Name, SSLMode: "disable",
		AdminSecretRef: v1alpha1.SecretRef{Name: "postgres-admin"},
	}}
	o := &v1alpha1.ObjectStore{ObjectMeta: rig.Named("spare"), Spec: v1alpha1.ObjectStoreSpec{
		Endpoint: w.Store.Endpoint, IssuerSecretRef: v1alpha1.SecretRef{Name: "minio-issuer"},
	}}
	release := &v1alpha1.Release{ObjectMeta: rig.Named("spare"), Spec: v1alpha1.ReleaseSpec{Version: "9.0.0", Image: rig.Image, SchemaVersion: 2}}
	w.Create(d)
	w.Create(o)
	w.Create(release)
	for _, f := range fieldsOf(t, "databaseservers") {
		w.add(f, "", d, "DatabaseServer")
	}
	for _, f := range fieldsOf(t, "objectstores") {
		w.add(f, "", o, "ObjectStore")
	}
	for _, f := range fieldsOf(t, "releases") {
		w.add(f, "", release, "Release")
	}
}

// set sends a field's value as a merge patch, as kubectl would.
func (w *walk) set(one *walker, value any) error {
	body := value
	for i := len(one.field.path) - 1; i >= 0; i-- {
		body = map[string]any{one.field.path[i]: body}
	}
	raw, err := json.Marshal(map[string]any{"spec": body})
	rig.Check(w.T, err)
	return w.Client.Patch(w.T.Context(), one.object.DeepCopy(), client.RawPatch(types.MergePatchType, raw))
}

// round sends every walker's move of one number, waits until all have settled, and
// looks at what came of each.
func (w *walk) round(t *testing.T, number int) {
	moved := map[*walker]move{}
	for _, one := range w.walkers {
		if number >= len(one.moves) {
			continue
		}
		m := one.moves[number]
		err := w.set(one, m.value)
		what := fmt.Sprintf("%s = %.60v (%s)", one.field.name(), m.value, m.why)
		switch {
		case m.good && err != nil:
			t.Errorf("%s: refused: %v", what, err)
		case m.good:
			w.good++
			moved[one] = m
		case err == nil:
			w.bad++
			w.accepted = append(w.accepted, what)
			w.suffers(one)
		case !apierrors.IsInvalid(err) && !apierrors.IsBadRequest(err):
			t.Errorf("%s: failed otherwise than by a refusal: %v", what, err)
		default:
			w.bad++
			w.refused++
		}
	}
	w.settle()
	now, _ := w.Census(w.ids)
	for one, m := range moved {
		if one.tenant != "" {
			w.followed(t, one, m, now[one.tenant])
		}
	}
}

// suffers waits until a bad value that was accepted shows, and takes it back: it must
// keep no good one from following.
func (w *walk) suffers(one *walker) {
	if one.field.kind == "Tenant" {
		w.Until(one.tenant, "says that it cannot be so", func(t *v1alpha1.Tenant) bool {
			return rig.Condition(t, v1alpha1.ConditionStalled).Status == metav1.ConditionTrue
		})
	}
	rig.Check(w.T, w.set(one, one.base))
}

func (w *walk) settle() {
	w.Rests(0)
	for _, one := range w.walkers {
		if one.tenant == "" {
			continue
		}
		w.Until(one.tenant, "has settled", func(t *v1alpha1.Tenant) bool {
			return rig.IsReady(t) || t.Spec.Suspended && rig.Condition(t, v1alpha1.ConditionReady).Reason == v1alpha1.ReasonSuspended
		})
	}
	w.Rests(0)
}

// followed looks whether what is rendered follows what is declared.
func (w *walk) followed(t *testing.T, one *walker, m move, now rig.Facts) {
	for _, name := range unrendered {
		if strings.HasPrefix(one.field.name(), name) {
			return
		}
	}
	changed := rendered(now.Differ(w.start[one.tenant], nil))
	if same := one.effective(m.value) == one.effective(one.base); same != (len(changed) == 0) {
		t.Errorf("%s was %v and is %.80v, and of what is rendered there changed %d: %v", one.field.name(), one.base, m.value, len(changed), changed)
	}
}

// effective is the text of a value once the API server has filled in the default.
func (one *walker) effective(value any) string {
	if value == nil && one.field.schema.Default != nil {
		return strings.Trim(string(one.field.schema.Default.Raw), `"`)
	}
	if value == false {
		return fmt.Sprint(nil)
	}
	return fmt.Sprint(value)
}

// rendered leaves out what of the Tenant repeats what it was told, times, and
// migrations that have ended.
func rendered(differences []string) (all []string) {
	for _, d := range differences {
		own := strings.Contains(d, "Tenant /<name>.") && !strings.Contains(d, ".status.hosts") && !strings.Contains(d, ".status.release")
		if !own && !strings.Contains(d, "registry row.changed") && !strings.Contains(d, "Job tenant-<name>") {
			all = append(all, d)
		}
	}
	return all
}

// back sets all fields to what they were: all is as it was, whatever came between.
func (w *walk) back(t *testing.T) {
	for _, one := range w.walkers {
		if !slices.ContainsFunc(one.moves, func(m move) bool { return m.good }) {
			continue // it never moved
		}
		if err := w.set(one, one.base); err != nil {
			t.Errorf("%s: back to %v: %v", one.field.name(), one.base, err)
		}
		w.good++
	}
	w.settle()
	now, orphans := w.Census(w.ids)
	for _, one := range w.walkers {
		if one.tenant == "" {
			continue
		}
		if name := one.field.name(); name == "Tenant.release" || strings.Contains(name, ".backup.") {
			continue // each change leaves a migration and a kept template, or a backup
		}
		if left := rendered(now[one.tenant].Differ(w.start[one.tenant], nil)); len(left) > 0 {
			t.Errorf("%s: walked there and back, and now %v", one.field.name(), left)
		}
	}
	if len(orphans) > 0 {
		t.Errorf("orphans: %v", orphans)
	}
	var d v1alpha1.DatabaseServer
	w.Eventually("the spare server is well again", func() bool {
		// Two controllers write conditions there, in any order.
		return w.Client.Get(t.Context(), client.ObjectKey{Name: "spare"}, &d) == nil &&
			d.Status.ObservedGeneration == d.Generation && meta.IsStatusConditionTrue(d.Status.Conditions, v1alpha1.ConditionReachable)
	}, func() string { return fmt.Sprint(d.Status.Conditions) })
}

// orders declares the same by single changes in two orders: it comes to the same.
func (w *walk) orders(t *testing.T) {
	names := []string{"order-one", "order-two"}
	ids := map[string]string{}
	for _, name := range names {
		w.Create(rig.Company(name))
		ids[name] = w.Healthy(name).Status.ID
	}
	w.Rests(0)
	facts, _ := w.Census(ids)
	chance, odd := facts[names[0]].Chance(facts[names[1]])
	var fields []*walker
	for _, one := range w.walkers {
		if one.field.kind == "Tenant" && one.moves[0].good && one.field.name() != "Tenant.suspended" {
			fields = append(fields, one)
		}
	}
	for i, name := range names {
		for j := range fields {
			one := *fields[j]
			if i == 1 {
				one = *fields[len(fields)-1-j]
			}
			one.object = one.object.DeepCopy()
			one.object.SetName(name)
			value := one.moves[0].value
			switch one.field.name() {
			case "Tenant.subdomain":
				value = "elsewhere-" + name
			case "Tenant.hosts":
				value = list("oa." + name + ".cn")
			}
			rig.Check(t, w.set(&one, value))
			w.good++
		}
	}
	for _, name := range names {
		w.Healthy(name)
	}
	w.Rests(0)
	facts, _ = w.Census(ids)
	odd = append(odd, rendered(facts[names[0]].Differ(facts[names[1]], chance))...)
	for _, d := range odd {
		if !strings.Contains(d, "ControllerRevision") && !strings.Contains(d, "revision") {
			t.Errorf("two orders of the same changes differ: %s", d)
		}
	}
}
