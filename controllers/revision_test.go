package controllers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/tenant"
	"atrium.dev/atrium/tenant-app/contract"
)

// What the pods of a tenant are made from is kept: an operator that renders them in
// another way restarts nobody, until spec.release changes.
func TestPodsStayAsTheyWereRendered(t *testing.T) {
	r := newRig(t)
	for _, version := range []string{"0.2.0", "0.3.0"} {
		r.create(&v1alpha1.Release{ObjectMeta: named(version), Spec: v1alpha1.ReleaseSpec{
			Version: version, Image: strings.ReplaceAll(image, "0000", version[2:3]+"000"), SchemaVersion: 2,
		}})
	}
	r.operate()
	r.create(company("acme"))
	r.healthy("acme")
	r.rests(0)
	if got := r.deployment("acme").Annotations["atrium.dev/revision"]; got != "1" {
		t.Errorf("the Deployment says revision %q, want 1", got)
	}
	t.Run("over another operator", func(t *testing.T) { otherOperator(t, r) })
	t.Run("without what was kept", func(t *testing.T) { lostRevision(t, r) })
	t.Run("through a migration that fails", func(t *testing.T) { failedMigration(t, r) })
	t.Run("until the release changes, and back", func(t *testing.T) { releases(t, r) })
}

func (r *rig) deployment(name string) *appsv1.Deployment {
	r.t.Helper()
	var d appsv1.Deployment
	check(r.t, r.client.Get(r.t.Context(), client.ObjectKey{Namespace: "tenant-" + name, Name: "office"}, &d))
	return &d
}

func (r *rig) revisions(name string) []appsv1.ControllerRevision {
	r.t.Helper()
	var list appsv1.ControllerRevisionList
	check(r.t, r.client.List(r.t.Context(), &list, client.InNamespace("tenant-"+name)))
	slices.SortFunc(list.Items, func(a, b appsv1.ControllerRevision) int { return int(a.Revision - b.Revision) })
	return list.Items
}

// former turns a pod template into what an earlier version of the operator could
// have rendered: another probe, another label, another variable.
func former(template *corev1.PodTemplateSpec) {
	template.Labels["example.com/rendered-by"] = "former"
	c := &template.Spec.Containers[0]
	c.LivenessProbe.PeriodSeconds = 33
	c.Env = []corev1.EnvVar{{Name: "FORMER", Value: "yes"}}
}

// asFormer makes the tenant's pods those of an earlier operator, as that one would
// have: as the same field owner, with its revision.
func (r *rig) asFormer(name string) {
	r.t.Helper()
	d := r.deployment(name)
	former(&d.Spec.Template)
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(d)
	check(r.t, err)
	want := &unstructured.Unstructured{Object: map[string]any{"spec": fields["spec"], "metadata": map[string]any{
		"name": d.Name, "namespace": d.Namespace, "labels": fields["metadata"].(map[string]any)["labels"],
		"annotations": fields["metadata"].(map[string]any)["annotations"],
	}}}
	want.SetGroupVersionKind(appsv1.SchemeGroupVersion.WithKind("Deployment"))
	check(r.t, r.client.Apply(r.t.Context(), client.ApplyConfigurationFromUnstructured(want), tenant.FieldOwner, client.ForceOwnership))

	all := r.revisions(name)
	last := all[len(all)-1]
	var kept map[string]any
	check(r.t, json.Unmarshal(last.Data.Raw, &kept))
	kept["template"] = fields["spec"].(map[string]any)["template"]
	raw, err := json.Marshal(kept)
	check(r.t, err, r.client.Delete(r.t.Context(), &last))
	last.ObjectMeta = metav1.ObjectMeta{Name: last.Name, Namespace: last.Namespace, Labels: last.Labels}
	last.Data.Raw = raw
	r.create(&last)
}

// template of the tenant's pods but for what the plan decides.
func (r *rig) template(name string) corev1.PodTemplateSpec {
	r.t.Helper()
	template := r.deployment(name).Spec.Template
	template.Spec.Containers[0].Resources = corev1.ResourceRequirements{}
	return template
}

// unchanged looks at the tenant in every way that there is, and then for a change.
func (r *rig) unchanged(name string, want corev1.PodTemplateSpec) {
	r.t.Helper()
	r.poke(name)
	r.now.forward(6 * time.Minute) // what was verified on the servers is verified again
	r.poke(name)
	if diff := cmp.Diff(want, r.template(name)); diff != "" {
		r.t.Errorf("the pods of %s are made from another template (-want +got):\n%s", name, diff)
	}
}

func otherOperator(t *testing.T, r *rig) {
	r.stop()
	r.asFormer("acme")
	want, spec := r.template("acme"), r.deployment("acme").Spec
	r.operate()
	r.unchanged("acme", want)
	if diff := cmp.Diff(spec, r.deployment("acme").Spec); diff != "" {
		t.Errorf("the Deployment changed (-before +now):\n%s", diff)
	}
	large := plan("large", 2)
	large.Spec.Resources.Limits.Memory = quantity("512Mi")
	r.create(large)
	r.change("acme", func(t *v1alpha1.Tenant) { t.Spec.Plan = "large" })
	r.ready("acme")
	r.unchanged("acme", want)
	d := r.deployment("acme")
	if memory := d.Spec.Template.Spec.Containers[0].Resources.Limits[corev1.ResourceMemory]; *d.Spec.Replicas != 2 || memory.String() != "512Mi" {
		t.Errorf("the plan did not reach the pods: %d replicas with %s", *d.Spec.Replicas, memory.String())
	}
}

func lostRevision(t *testing.T, r *rig) {
	want := r.template("acme")
	lose := func() {
		for _, one := range r.revisions("acme") {
			check(t, r.client.Delete(t.Context(), &one))
		}
	}
	lose()
	r.unchanged("acme", want)
	if all := r.revisions("acme"); len(all) != 1 || all[0].Name != "office-2" {
		t.Errorf("after the loss there are %d revisions, want office-2", len(all))
	}
	var events eventsv1.EventList
	r.eventually("an event tells of the loss", func() bool {
		return r.client.List(t.Context(), &events) == nil && slices.ContainsFunc(events.Items, func(e eventsv1.Event) bool {
			return e.Regarding.Name == "acme" && e.Reason == v1alpha1.ReasonRevisionLost && e.Type == corev1.EventTypeWarning
		})
	}, func() string { return fmt.Sprint(len(events.Items), " events") })

	// One that cannot be read, of a later operator perhaps.
	broken := r.revisions("acme")[0].DeepCopy()
	broken.ObjectMeta = metav1.ObjectMeta{Name: "office-3", Namespace: broken.Namespace, Labels: broken.Labels}
	broken.Revision, broken.Data.Raw = 3, []byte(`{"release":"0.1.0","image":"`+image+`","template":{"spec":{}}}`)
	r.create(broken)
	r.unchanged("acme", want)

	// The version before this one kept nothing.
	r.stop()
	lose()
	d := r.deployment("acme")
	delete(d.Annotations, "atrium.dev/revision")
	check(t, r.client.Update(t.Context(), d))
	r.operate()
	r.unchanged("acme", want)
	if all := r.revisions("acme"); len(all) != 1 || all[0].Name != "office-1" {
		t.Errorf("%d revisions after the upgrade, want office-1", len(all))
	}
}

func failedMigration(t *testing.T, r *rig) {
	want := r.template("acme")
	for _, exit := range []int32{contract.ExitFailure, contract.ExitSchema} {
		r.hands.migrationsExit(exit)
		r.change("acme", func(t *v1alpha1.Tenant) { t.Spec.Release = "0.3.0" })
		stuck := r.until("acme", "does not migrate", func(t *v1alpha1.Tenant) bool {
			return condition(t, v1alpha1.ConditionMigrated).Status == metav1.ConditionFalse && condition(t, v1alpha1.ConditionStalled).Type != ""
		})
		if c := condition(stuck, v1alpha1.ConditionWorkloadReady); c.Status != metav1.ConditionTrue || stuck.Status.Release != "0.1.0" {
			t.Errorf("WorkloadReady is %s and the release %s, want the old pods to serve", c.Status, stuck.Status.Release)
		}
		r.unchanged("acme", want)
		r.hands.migrationsExit(contract.ExitOK)
		r.change("acme", func(t *v1alpha1.Tenant) { t.Spec.Release = "0.1.0" })
		r.ready("acme")
		r.unchanged("acme", want)
	}
}

// releases goes from one to the next and back: each is rendered as this operator
// renders pods.
func releases(t *testing.T, r *rig) {
	for i, release := range []string{"0.2.0", "0.1.0", "0.3.0", "0.2.0"} {
		r.change("acme", func(t *v1alpha1.Tenant) { t.Spec.Release = release })
		acme := r.ready("acme")
		d := r.deployment("acme")
		c := d.Spec.Template.Spec.Containers[0]
		if want := strings.ReplaceAll(image, "0000", release[2:3]+"000"); release != "0.1.0" && c.Image != want || acme.Status.Release != release {
			t.Errorf("%s: the pods run %s of release %s", release, c.Image, acme.Status.Release)
		}
		if c.LivenessProbe.PeriodSeconds != 10 || len(c.Env) > 0 || d.Spec.Template.Labels["example.com/rendered-by"] != "" {
			t.Errorf("%s: the pods are still those of the former operator: %v", release, d.Spec.Template)
		}
		if got, want := d.Annotations["atrium.dev/revision"], fmt.Sprint(i+2); got != want {
			t.Errorf("%s: revision %s, want %s", release, got, want)
		}
	}
	r.rests(0)
	var names []string
	for _, one := range r.revisions("acme") {
		names = append(names, one.Name)
	}
	if diff := cmp.Diff([]string{"office-3", "office-4", "office-5"}, names); diff != "" {
		t.Errorf("revisions kept (-want +got):\n%s", diff)
	}
}
