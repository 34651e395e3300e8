package tenant

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"atrium.dev/atrium/api/v1alpha1"
)

// annotationApplied holds a digest of what was applied last, so that a field which
// is no longer wanted is noticed: the comparison with the live object cannot see it.
const annotationApplied = "atrium.dev/applied"

// applied is our last write of an object, for as long as the cache may not show it.
type applied struct {
	digest  string
	version string
	at      time.Time
}

// cacheFills is how long the cache may take to show what was written.
const cacheFills = 2 * time.Second

// apply makes an object as it should be by server-side apply, and writes nothing
// when it is so already. Live, when not nil, is the object as read by the caller.
func (r *Reconciler) apply(ctx context.Context, s *scope, object client.Object, live client.Object) error {
	want, digest, err := r.render(s, object)
	if err != nil {
		return err
	}
	key := fmt.Sprintf("%s/%s/%s/%s", s.tenant.Name, want.GetKind(), want.GetNamespace(), want.GetName())
	if live == nil {
		live = object.DeepCopyObject().(client.Object)
		reflect.ValueOf(live).Elem().SetZero()
		if err := r.Client.Get(ctx, client.ObjectKeyFromObject(object), live); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("read %s %s: %w", want.GetKind(), want.GetName(), err)
		}
	}
	last := r.applied.get(key)
	if unseen := live.GetUID() == "" || behind(live.GetResourceVersion(), last.version); unseen && last.digest == digest && r.Now().Sub(last.at) < cacheFills {
		s.lagging = true // written a moment ago, the cache does not show it yet
		return nil
	}
	if live.GetUID() != "" && live.GetAnnotations()[annotationApplied] == digest && holds(live, want) {
		return nil
	}
	if want.GetKind() == "Secret" {
		want.SetResourceVersion(live.GetResourceVersion()) // a password is made once
	}
	err = r.send(ctx, s, want)
	if apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) {
		return &waiting{v1alpha1.ReasonWaiting, fmt.Sprintf("%s %s was written by another operator at the same time; it is read again", want.GetKind(), want.GetName()), cacheLag}
	}
	if err != nil {
		return fmt.Errorf("apply %s %s: %w", want.GetKind(), want.GetName(), err)
	}
	r.applied.set(key, applied{digest, want.GetResourceVersion(), r.Now()})
	return nil
}

// Rights in a new namespace take a moment until every API server knows them.
const (
	rightsWait  = 3 * time.Second
	rightsPause = 25 * time.Millisecond
)

// passTrusted is how long after its begin a pass may write. A leader that stood still
// longer (SIGSTOP, a machine that slept) may have lost its lease of 15 s meanwhile:
// another one did the work, and what this pass knows is old.
const passTrusted = 12 * time.Second

func (r *Reconciler) send(ctx context.Context, s *scope, want *unstructured.Unstructured) error {
	if r.Now().Sub(s.began) > passTrusted {
		return &waiting{v1alpha1.ReasonWaiting, "a pass took too long to be trusted; the next one begins with what is true then", cacheLag}
	}
	deadline := time.Now().Add(rightsWait)
	for {
		err := r.write(ctx, want)
		if !apierrors.IsForbidden(err) || !s.boundNow || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(rightsPause):
		}
	}
}

// write applies an object. A Secret that was not there is created, so that of two
// operators that each made a password one alone wins.
func (r *Reconciler) write(ctx context.Context, want *unstructured.Unstructured) error {
	if want.GetKind() == "Secret" && want.GetResourceVersion() == "" {
		return r.Client.Create(ctx, want, FieldOwner)
	}
	return r.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(want), FieldOwner, client.ForceOwnership)
}

// render turns a typed object into what is applied: labelled, with its kind, and
// without the empty fields that a Go struct cannot leave out.
func (r *Reconciler) render(s *scope, object client.Object) (*unstructured.Unstructured, string, error) {
	labels := maps.Clone(object.GetLabels())
	if labels == nil {
		labels = map[string]string{}
	}
	maps.Copy(labels, s.labels())
	object.SetLabels(labels)
	gvk, err := apiutil.GVKForObject(object, r.Client.Scheme())
	if err != nil {
		return nil, "", fmt.Errorf("find the kind of %T: %w", object, err)
	}
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return nil, "", fmt.Errorf("render %s %s: %w", gvk.Kind, object.GetName(), err)
	}
	prune(fields)
	delete(fields, "status")
	want := &unstructured.Unstructured{Object: fields}
	want.SetGroupVersionKind(gvk)
	raw, err := json.Marshal(want.Object)
	if err != nil {
		return nil, "", fmt.Errorf("render %s %s: %w", gvk.Kind, object.GetName(), err)
	}
	sum := sha256.Sum256(raw)
	digest := hex.EncodeToString(sum[:8])
	annotations := want.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[annotationApplied] = digest
	want.SetAnnotations(annotations)
	return want, digest, nil
}

// prune takes out the nulls that Go's zero values leave.
func prune(fields map[string]any) {
	for key, value := range fields {
		switch v := value.(type) {
		case nil:
			delete(fields, key)
		case map[string]any:
			prune(v)
		case []any:
			for _, item := range v {
				if m, ok := item.(map[string]any); ok {
					prune(m)
				}
			}
		}
	}
}

// holds says whether a live object has all that is wanted. Fields that the API
// server added are its own business.
func holds(live client.Object, want *unstructured.Unstructured) bool {
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(live)
	if err != nil {
		return false
	}
	for key, value := range want.Object {
		if key != "apiVersion" && key != "kind" && !within(value, fields[key]) {
			return false
		}
	}
	return true
}

// within says whether all of want is in have. Lists have to be of one length.
func within(want, have any) bool {
	switch w := want.(type) {
	case map[string]any:
		h, ok := have.(map[string]any)
		if !ok {
			return len(w) == 0
		}
		for key, value := range w {
			if !within(value, h[key]) {
				return false
			}
		}
		return true
	case []any:
		h, ok := have.([]any)
		if !ok || len(h) != len(w) {
			return false
		}
		for i := range w {
			if !within(w[i], h[i]) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(want, have)
}
