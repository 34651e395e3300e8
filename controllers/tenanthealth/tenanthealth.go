// Package tenanthealth measures whether each tenant's app answers, and writes the
// condition Healthy. It never changes a tenant: slow work of the tenant controller
// does not hide a dead app, and a dead app starts no work.
package tenanthealth

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/tenant-app/contract"
)

// FieldOwner of the condition Healthy.
const FieldOwner = client.FieldOwner("atrium-tenanthealth")

const (
	every = 15 * time.Second // while the app answers
	soon  = 3 * time.Second  // while it does not
	// changedMeanwhile lets the cache catch up with a change of the Tenant.
	changedMeanwhile = 100 * time.Millisecond

	askTimeout = 3 * time.Second
	maxAnswer  = 64 << 10 // bytes
)

// Ask returns the version that the app of a tenant's namespace says it is.
type Ask func(ctx context.Context, namespace string) (contract.Version, error)

// Reconciler measures tenants.
type Reconciler struct {
	Client client.Client
	Ask    Ask
	Now    func() time.Time
}

// Reconcile measures one tenant.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	var tenant v1alpha1.Tenant
	if err := r.Client.Get(ctx, req.NamespacedName, &tenant); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !tenant.DeletionTimestamp.IsZero() || tenant.Status.Release == "" {
		return ctrl.Result{}, nil // its app never ran, or is going
	}
	now, err := r.measure(ctx, &tenant)
	if err != nil {
		return ctrl.Result{}, err
	}
	again := ctrl.Result{RequeueAfter: every}
	switch {
	case tenant.Spec.Suspended:
		again.RequeueAfter = 0 // until that changes
	case now.Status != metav1.ConditionTrue:
		again.RequeueAfter = soon
	}
	was := meta.FindStatusCondition(tenant.Status.Conditions, v1alpha1.ConditionHealthy)
	if was != nil && was.Status == now.Status && was.Reason == now.Reason && was.Message == now.Message {
		return again, nil
	}
	now.LastTransitionTime = metav1.NewTime(r.Now()).Rfc3339Copy()
	if was != nil && was.Status == now.Status {
		now.LastTransitionTime = was.LastTransitionTime
	}
	err = r.write(ctx, &tenant, now)
	if apierrors.IsConflict(err) {
		return ctrl.Result{RequeueAfter: changedMeanwhile}, nil
	}
	return again, err
}

func (r *Reconciler) measure(ctx context.Context, tenant *v1alpha1.Tenant) (metav1.Condition, error) {
	c := metav1.Condition{Type: v1alpha1.ConditionHealthy, Status: metav1.ConditionFalse}
	if tenant.Spec.Suspended {
		c.Reason, c.Message = v1alpha1.ReasonSuspended, "nothing answers because spec.suspended is true"
		return c, nil
	}
	var deployment appsv1.Deployment
	err := r.Client.Get(ctx, client.ObjectKey{Namespace: tenant.Status.Namespace, Name: v1alpha1.OfficeName}, &deployment)
	if client.IgnoreNotFound(err) != nil {
		return c, fmt.Errorf("read the Deployment of tenant %s: %w", tenant.Name, err)
	}
	if deployment.Status.AvailableReplicas == 0 {
		c.Reason = v1alpha1.ReasonUnavailable
		c.Message = fmt.Sprintf("no pod of the app is ready: see `kubectl get pods -n %s`", tenant.Status.Namespace)
		return c, nil
	}
	version, err := r.Ask(ctx, tenant.Status.Namespace)
	if err != nil {
		c.Reason = v1alpha1.ReasonUnresponsive
		c.Message = fmt.Sprintf("the app's pods run, but %s does not answer on port %d: see their logs and the network policies of namespace %s",
			contract.PathVersion, contract.PortOps, tenant.Status.Namespace)
		ctrl.LoggerFrom(ctx).Info("ask the app for its version", "namespace", tenant.Status.Namespace, "error", err.Error())
		return c, nil
	}
	c.Status, c.Reason = metav1.ConditionTrue, v1alpha1.ReasonAnswering
	c.Message = fmt.Sprintf("release %s answers on schema %d", version.Release, version.SchemaVersion)
	return c, nil
}

// write applies the one condition that is ours; the others have another owner.
func (r *Reconciler) write(ctx context.Context, tenant *v1alpha1.Tenant, c metav1.Condition) error {
	patch := &unstructured.Unstructured{Object: map[string]any{"status": map[string]any{"conditions": []any{map[string]any{
		"type": c.Type, "status": string(c.Status), "reason": c.Reason, "message": c.Message,
		"lastTransitionTime": c.LastTransitionTime.UTC().Format(time.RFC3339),
	}}}}}
	patch.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("Tenant"))
	patch.SetName(tenant.Name)
	patch.SetResourceVersion(tenant.ResourceVersion) // not a later Tenant of the same name
	err := r.Client.Status().Apply(ctx, client.ApplyConfigurationFromUnstructured(patch), FieldOwner, client.ForceOwnership)
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("write condition Healthy of tenant %s: %w", tenant.Name, err)
	}
	return nil
}

// OverHTTP asks the Service of the tenant's namespace.
func OverHTTP() Ask {
	asker := &http.Client{Timeout: askTimeout, Transport: &http.Transport{DisableKeepAlives: true}}
	return func(ctx context.Context, namespace string) (version contract.Version, err error) {
		url := fmt.Sprintf("http://%s.%s.svc:%d%s", v1alpha1.OfficeName, namespace, v1alpha1.OfficePortOps, contract.PathVersion)
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return version, err
		}
		answer, err := asker.Do(req)
		if err != nil {
			return version, err
		}
		defer func() { _ = answer.Body.Close() }()
		if answer.StatusCode != http.StatusOK {
			return version, fmt.Errorf("%s answers %s", url, answer.Status)
		}
		return version, json.NewDecoder(io.LimitReader(answer.Body, maxAnswer)).Decode(&version)
	}
}

// SetupWithManager registers the controller. It measures in parallel, since an app
// that does not answer takes its time.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	started := predicate.Funcs{
		UpdateFunc: func(e event.UpdateEvent) bool {
			old, now := e.ObjectOld.(*v1alpha1.Tenant), e.ObjectNew.(*v1alpha1.Tenant)
			return workload(old) != workload(now)
		},
	}
	err := ctrl.NewControllerManagedBy(mgr).Named("tenanthealth").
		For(&v1alpha1.Tenant{}, builder.WithPredicates(started)).
		WithOptions(controller.Options{MaxConcurrentReconciles: 8}).
		Complete(r)
	if err != nil {
		return fmt.Errorf("set up controller tenanthealth: %w", err)
	}
	return nil
}

func workload(t *v1alpha1.Tenant) string {
	c := meta.FindStatusCondition(t.Status.Conditions, v1alpha1.ConditionWorkloadReady)
	if c == nil {
		return ""
	}
	return fmt.Sprint(c.Status, t.Status.Release, t.Spec.Suspended)
}
