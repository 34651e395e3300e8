package rig

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	corev1 "k8s.io/api/core/v1"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/test/env/kube"
)

// cluster is an API server with our CRDs.
type cluster struct {
	server *envtest.Environment
	config *rest.Config
	client client.WithWatch
	crds   int
}

// idle are API servers that no rig uses at the moment.
var idle struct {
	sync.Mutex
	clusters []*cluster
}

// borrow takes an idle API server or starts one. It is emptied when the test ends.
func borrow(t testing.TB) *cluster {
	t.Helper()
	c := takeIdle()
	if c == nil {
		c = startCluster(t)
	}
	t.Cleanup(func() {
		if err := c.empty(background(t)); err != nil {
			t.Logf("this API server is not used again: %v", err)
			_ = c.server.Stop()
			return
		}
		idle.Lock()
		defer idle.Unlock()
		idle.clusters = append(idle.clusters, c)
	})
	return c
}

func takeIdle() *cluster {
	idle.Lock()
	defer idle.Unlock()
	if len(idle.clusters) == 0 {
		return nil
	}
	c := idle.clusters[len(idle.clusters)-1]
	idle.clusters = idle.clusters[:len(idle.clusters)-1]
	return c
}

func startCluster(t testing.TB) *cluster {
	t.Helper()
	scheme := runtime.NewScheme()
	Check(t, clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme), apiextensionsv1.AddToScheme(scheme))
	c := &cluster{server: kube.New(t)}
	var err error
	if c.config, err = c.server.Start(); err != nil {
		t.Fatalf("start the API server: %v", err)
	}
	c.config.QPS = -1 // tests wait for nobody
	c.client, err = client.NewWithWatch(c.config, client.Options{Scheme: scheme})
	Check(t, err)
	c.crds = len(c.server.CRDs)
	return c
}

func stopServers() {
	for c := takeIdle(); c != nil; c = takeIdle() {
		_ = c.server.Stop()
	}
}

// emptyLimit bounds the emptying of an API server between two rigs.
const emptyLimit = 30 * time.Second

// empty removes all that a rig and its operators made. Operators have ended.
func (c *cluster) empty(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, emptyLimit)
	defer cancel()
	var crds apiextensionsv1.CustomResourceDefinitionList
	if err := c.client.List(ctx, &crds); err != nil {
		return err
	}
	if len(crds.Items) != c.crds {
		return errors.New("CRDs were added or removed")
	}
	kinds := []schema.GroupVersionKind{
		{Group: "admissionregistration.k8s.io", Version: "v1", Kind: "ValidatingAdmissionPolicyBinding"},
		{Group: "admissionregistration.k8s.io", Version: "v1", Kind: "ValidatingAdmissionPolicy"},
	}
	for _, crd := range crds.Items {
		kinds = append(kinds, schema.GroupVersionKind{Group: crd.Spec.Group, Version: crd.Spec.Versions[0].Name, Kind: crd.Spec.Names.Kind})
	}
	for _, kind := range []string{"ClusterRoleBinding", "ClusterRole"} {
		kinds = append(kinds, schema.GroupVersionKind{Group: "rbac.authorization.k8s.io", Version: "v1", Kind: kind})
	}
	kinds = append(kinds, schema.GroupVersionKind{Version: "v1", Kind: "Namespace"})
	for _, kind := range kinds {
		if err := c.removeAll(ctx, kind); err != nil {
			return fmt.Errorf("remove each %s: %w", kind.Kind, err)
		}
	}
	return c.client.DeleteAllOf(ctx, &corev1.Event{}, client.InNamespace(metav1.NamespaceDefault))
}

// bootstrap holds for what the API server itself made.
func bootstrap(kind, name string) bool {
	switch kind {
	case "Namespace":
		return name == metav1.NamespaceDefault || strings.HasPrefix(name, "kube-")
	case "ClusterRole", "ClusterRoleBinding":
		return !strings.HasPrefix(name, "atrium")
	}
	return false
}

func (c *cluster) removeAll(ctx context.Context, kind schema.GroupVersionKind) error {
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
	if err := c.client.List(ctx, list); err != nil {
		return err
	}
	for i := range list.Items {
		object := &list.Items[i]
		object.SetGroupVersionKind(kind)
		if bootstrap(kind.Kind, object.Name) {
			continue
		}
		if len(object.Finalizers) > 0 {
			if err := c.client.Patch(ctx, object, client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"finalizers":null}}`))); client.IgnoreNotFound(err) != nil {
				return err
			}
		}
		if err := c.client.Delete(ctx, object); client.IgnoreNotFound(err) != nil && !apierrors.IsConflict(err) {
			return err
		}
		if kind.Kind == "Namespace" {
			if err := c.finishNamespace(ctx, object.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// finishNamespace does what the controller manager would: it empties a namespace
// that is being deleted and lets it go.
func (c *cluster) finishNamespace(ctx context.Context, name string) error {
	for _, kind := range namespaced() {
		err := c.client.DeleteAllOf(ctx, kind, client.InNamespace(name), client.GracePeriodSeconds(0), client.PropagationPolicy(metav1.DeletePropagationBackground))
		if err != nil && !apierrors.IsNotFound(err) && !meta.IsNoMatchError(err) {
			return err
		}
	}
	var live corev1.Namespace
	if err := c.client.Get(ctx, client.ObjectKey{Name: name}, &live); err != nil {
		return client.IgnoreNotFound(err)
	}
	live.Spec.Finalizers = nil
	return client.IgnoreNotFound(c.client.SubResource("finalize").Update(ctx, &live))
}
