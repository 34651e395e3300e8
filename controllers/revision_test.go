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
	"atrium.dev/atrium/test/rig"
)

// What the pods of a tenant are made from is kept: an operator that renders them in
// another way restarts nobody, until spec.release changes.
func TestPodsStayAsTheyWereRendered(t *testing.T) {
	r := rig.New(t)
	for _, version := range []string{"0.2.0", "0.3.0"} {
		r.Create(&v1alpha1.Release{ObjectMeta: rig.Named(version), Spec: v1alpha1.ReleaseSpec{
			Version: version, Image: strings.ReplaceAll(rig.Image, "0000", version[2:3]+"000"), SchemaVersion: 2,
		}})
	}
	r.Operate()
	r.Create(rig.Company("acme"))
	r.Healthy("acme")
	r.Rests(0)
	if got := deployment(r, "acme").Annotations["atrium.dev/revision"]; got != "1" {
		t.Errorf("the Deployment says revision %q, want 1", got)
	}
	t.Run("over another operator", func(t *testing.T) { otherOperator(t, r) })
	t.Run("without what was kept", func(t *testing.T) { lostRevision(t, r) })
	t.Run("through a migration that fails", func(t *testing.T) { failedMigration(t, r) })
	t.Run("until the release changes, and back", func(t *testing.T) { releases(t, r) })
}

func deployment(r *rig.Rig, name string) *appsv1.Deployment {
	r.T.Helper()
	var d appsv1.Deployment
	rig.Check(r.T, r.Client.Get(r.T.Context(), client.ObjectKey{Namespace: "tenant-" + name, Name: "office"}, &d))
	return &d
}

func revisions(r *rig.Rig, name string) []appsv1.ControllerRevision {
	r.T.Helper()
	var list appsv1.ControllerRevisionList
	rig.Check(r.T, r.Client.List(r.T.Context(), &list, client.InNamespace("tenant-"+name)))
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
func asFormer(r *rig.Rig, name string) {
	r.T.Helper()
	d := deployment(r, name)
	former(&d.Spec.Template)
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(d)
	rig.Check(r.T, err)
	want := &unstructured.Unstructured{Object: map[string]any{"spec": fields["spec"], "metadata": map[string]any{
		"name": d.Name, "namespace": d.Namespace, "labels": fields["metadata"].(map[string]any)["labels"],
		"annotations": fields["metadata"].(map[string]any)["annotations"],
	}}}
	want.SetGroupVersionKind(appsv1.SchemeGroupVersion.WithKind("Deployment"))
	rig.Check(r.T, r.Client.Apply(r.T.Context(), client.ApplyConfigurationFromUnstructured(want), tenant.FieldOwner, client.ForceOwnership))

	all := revisions(r, name)
	last := all[len(all)-1]
	var kept map[string]any
	rig.Check(r.T, json.Unmarshal(last.Data.Raw, &kept))
	kept["template"] = fields["spec"].(map[string]any)["template"]
	raw, err := json.Marshal(kept)
	rig.Check(r.T, err, r.Client.Delete(r.T.Context(), &last))
	last.ObjectMeta = metav1.ObjectMeta{Name: last.Name, Namespace: last.Namespace, Labels: last.Labels}
	last.Data.Raw = raw
	r.Create(&last)
}

// template of the tenant's pods but for what the plan decides.
func template(r *rig.Rig, name string) corev1.PodTemplateSpec {
	r.T.Helper()
	template := deployment(r, name).Spec.Template
	template.Spec.Containers[0].Resources = corev1.ResourceRequirements{}
	return template
}

// unchanged looks at the tenant in every way that there is, and then for a change.
func unchanged(r *rig.Rig, name string, want corev1.PodTemplateSpec) {
	r.T.Helper()
	r.Poke(name)
	r.Now.Forward(6 * time.Minute) // what was verified on the servers is verified again
	r.Poke(name)
	if diff := cmp.Diff(want, template(r, name)); diff != "" {
		r.T.Errorf("the pods of %s are made from another template (-want +got):\n%s", name, diff)
	}
}

func otherOperator(t *testing.T, r *rig.Rig) {
	r.Stop()
	asFormer(r, "acme")
	want, spec := template(r, "acme"), deployment(r, "acme").Spec
	r.Operate()
	unchanged(r, "acme", want)
	if diff := cmp.Diff(spec, deployment(r, "acme").Spec); diff != "" {
		t.Errorf("the Deployment changed (-before +now):\n%s", diff)
	}
	large := rig.Plan("large", 2)
	large.Spec.Resources.Limits.Memory = rig.Quantity("512Mi")
	r.Create(large)
	r.Change("acme", func(t *v1alpha1.Tenant) { t.Spec.Plan = "large" })
	r.Ready("acme")
	unchanged(r, "acme", want)
	d := deployment(r, "acme")
	if memory := d.Spec.Template.Spec.Containers[0].Resources.Limits[corev1.ResourceMemory]; *d.Spec.Replicas != 2 || memory.String() != "512Mi" {
		t.Errorf("the plan did not reach the pods: %d replicas with %s", *d.Spec.Replicas, memory.String())
	}
}

func lostRevision(t *testing.T, r *rig.Rig) {
	want := template(r, "acme")
	lose := func() {
		for _, one := range revisions(r, "acme") {
			rig.Check(t, r.Client.Delete(t.Context(), &one))
		}
	}
	lose()
	unchanged(r, "acme", want)
	if all := revisions(r, "acme"); len(all) != 1 || all[0].Name != "office-2" {
		t.Errorf("after the loss there are %d revisions, want office-2", len(all))
	}
	var events eventsv1.EventList
	r.Eventually("an event tells of the loss", func() bool {
		return r.Client.List(t.Context(), &events) == nil && slices.ContainsFunc(events.Items, func(e eventsv1.Event) bool {
			return e.Regarding.Name == "acme" && e.Reason == v1alpha1.ReasonRevisionLost && e.Type == corev1.EventTypeWarning
		})
	}, func() string { return fmt.Sprint(len(events.Items), " events") })

	// One that cannot be read, of a later operator perhaps.
	broken := revisions(r, "acme")[0].DeepCopy()
	broken.ObjectMeta = metav1.ObjectMeta{Name: "office-3", Namespace: broken.Namespace, Labels: broken.Labels}
	broken.Revision, broken.Data.Raw = 3, []byte(`{"release":"0.1.0","image":"`+rig.Image+`","template":{"spec":{}}}`)
	r.Create(broken)
	unchanged(r, "acme", want)

	// The version before this one kept nothing.
	r.Stop()
	lose()
	d := deployment(r, "acme")
	delete(d.Annotations, "atrium.dev/revision")
	rig.Check(t, r.Client.Update(t.Context(), d))
	r.Operate()
	unchanged(r, "acme", want)
	if all := revisions(r, "acme"); len(all) != 1 || all[0].Name != "office-1" {
		t.Errorf("%d revisions after the upgrade, want office-1", len(all))
	}
}

func failedMigration(t *testing.T, r *rig.Rig) {
	want := template(r, "acme")
	for _, exit := range []int32{contract.ExitFailure, contract.ExitSchema} {
		r.Hands.MigrationsExit(exit)
		r.Change("acme", func(t *v1alpha1.Tenant) { t.Spec.Release = "0.3.0" })
		stuck := r.Until("acme", "does not migrate", func(t *v1alpha1.Tenant) bool {
			return rig.Condition(t, v1alpha1.ConditionMigrated).Status == metav1.ConditionFalse && rig.Condition(t, v1alpha1.ConditionStalled).Type != ""
		})
		if c := rig.Condition(stuck, v1alpha1.ConditionWorkloadReady); c.Status != metav1.ConditionTrue || stuck.Status.Release != "0.1.0" {
			t.Errorf("WorkloadReady is %s and the release %s, want the old pods to serve", c.Status, stuck.Status.Release)
		}
		unchanged(r, "acme", want)
		r.Hands.MigrationsExit(contract.ExitOK)
		r.Change("acme", func(t *v1alpha1.Tenant) { t.Spec.Release = "0.1.0" })
		r.Ready("acme")
		unchanged(r, "acme", want)
	}
}

// releases goes from one to the next and back: each is rendered as this operator
// renders pods.
func releases(t *testing.T, r *rig.Rig) {
	for i, release := range []string{"0.2.0", "0.1.0", "0.3.0", "0.2.0"} {
		r.Change("acme", func(t *v1alpha1.Tenant) { t.Spec.Release = release })
		acme := r.Ready("acme")
		d := deployment(r, "acme")
		c := d.Spec.Template.Spec.Containers[0]
		if want := strings.ReplaceAll(rig.Image, "0000", release[2:3]+"000"); release != "0.1.0" && c.Image != want || acme.Status.Release != release {
			t.Errorf("%s: the pods run %s of release %s", release, c.Image, acme.Status.Release)
		}
		if c.LivenessProbe.PeriodSeconds != 10 || len(c.Env) > 0 || d.Spec.Template.Labels["example.com/rendered-by"] != "" {
			t.Errorf("%s: the pods are still those of the former operator: %v", release, d.Spec.Template)
		}
		if got, want := d.Annotations["atrium.dev/revision"], fmt.Sprint(i+2); got != want {
			t.Errorf("%s: revision %s, want %s", release, got, want)
		}
	}
	r.Rests(0)
	var names []string
	for _, one := range revisions(r, "acme") {
		names = append(names, one.Name)
	}
	if diff := cmp.Diff([]string{"office-3", "office-4", "office-5"}, names); diff != "" {
		t.Errorf("revisions kept (-want +got):\n%s", diff)
	}
}
