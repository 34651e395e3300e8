package agentjob

import (
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
)

// Statuses writes the statuses of objects of one kind, and remembers what it wrote: the
// cache shows it later, and deciding on what was before would begin something twice.
type Statuses struct {
	Kind string

	mu      sync.Mutex
	written map[string]string // resourceVersion, by the object's name
}

// Write applies a status, given as a pointer. A conflict says that somebody changed the
// object meanwhile.
func (s *Statuses) Write(ctx context.Context, c client.Client, owner client.FieldOwner, object client.Object, status any) error {
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(status)
	if err != nil {
		return fmt.Errorf("render the status of %s %s: %w", s.Kind, object.GetName(), err)
	}
	patch := &unstructured.Unstructured{Object: map[string]any{"status": fields}}
	patch.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(s.Kind))
	patch.SetName(object.GetName())
	patch.SetResourceVersion(object.GetResourceVersion())
	if err := c.Status().Apply(ctx, client.ApplyConfigurationFromUnstructured(patch), owner, client.ForceOwnership); err != nil {
		return fmt.Errorf("write the status of %s %s: %w", s.Kind, object.GetName(), client.IgnoreNotFound(err))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.written == nil {
		s.written = map[string]string{}
	}
	s.written[object.GetName()] = patch.GetResourceVersion()
	return nil
}

// Behind says whether an object is older than our own last write of its status.
func (s *Statuses) Behind(object client.Object) bool {
	s.mu.Lock()
	written := s.written[object.GetName()]
	s.mu.Unlock()
	if written == "" {
		return false
	}
	order, err := resourceversion.CompareResourceVersion(object.GetResourceVersion(), written)
	return err == nil && order < 0
}

// Forget drops what is remembered about an object that is gone.
func (s *Statuses) Forget(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.written, name)
}

// Conditions of one object.
type Conditions struct {
	List       *[]metav1.Condition
	Generation int64
	Now        time.Time
}

// Set puts one condition.
func (c Conditions) Set(kind string, is metav1.ConditionStatus, reason, message string) {
	meta.SetStatusCondition(c.List, metav1.Condition{
		Type: kind, Status: is, Reason: reason, Message: message,
		ObservedGeneration: c.Generation, LastTransitionTime: metav1.NewTime(c.Now).Rfc3339Copy(),
	})
}

// Say puts those of an object that is not finished.
func (c Conditions) Say(reason, message string) {
	c.Set(v1alpha1.ConditionComplete, metav1.ConditionFalse, reason, message)
	c.Set(v1alpha1.ConditionReconciling, metav1.ConditionTrue, reason, message)
}

// Conclude puts those of an object that is finished: Complete or Failed.
func (c Conditions) Conclude(kind, reason, message string) {
	meta.RemoveStatusCondition(c.List, v1alpha1.ConditionReconciling)
	if kind == v1alpha1.ConditionComplete {
		c.Set(kind, metav1.ConditionTrue, reason, message)
		return
	}
	c.Set(v1alpha1.ConditionComplete, metav1.ConditionFalse, reason, message)
	c.Set(v1alpha1.ConditionFailed, metav1.ConditionTrue, reason, message)
	c.Set(v1alpha1.ConditionStalled, metav1.ConditionTrue, reason, message)
}

// Lasted says how long something took, in words for people; empty while it has not ended.
func Lasted(from, to *metav1.Time) string {
	if from == nil || to == nil {
		return ""
	}
	return to.Sub(from.Time).Round(time.Second).String()
}
