// Package servers turns DatabaseServer and ObjectStore objects, with the Secrets
// that they name, into connections. The tenant controller and the controllers of
// the two kinds share it, so that all use the same connections.
package servers

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/objectstore"
	"atrium.dev/atrium/internal/postgres"
)

// +kubebuilder:rbac:groups="",namespace=atrium-system,resources=secrets,verbs=get

// Servers opens servers.
type Servers struct {
	reader    client.Reader // of Secrets; uncached
	namespace string        // of the operator, where the Secrets are
	databases *postgres.Servers
	wrap      func(http.RoundTripper) http.RoundTripper

	// Used is what each server holds, for the metrics.
	Used Usage

	mu      sync.Mutex
	stores  map[string]openStore
	changed chan event.GenericEvent
}

type openStore struct {
	config objectstore.Config
	store  *objectstore.Store
}

// New makes Servers. Wrap sees each request to a store; it may be nil.
func New(reader client.Reader, namespace string, databases *postgres.Servers, wrap func(http.RoundTripper) http.RoundTripper) *Servers {
	return &Servers{
		reader: reader, namespace: namespace, databases: databases, wrap: wrap,
		stores: map[string]openStore{}, changed: make(chan event.GenericEvent, changesKept),
	}
}

// Database returns the server behind a DatabaseServer. It reads the Secret each
// time, so that a corrected password is used at the next attempt.
func (s *Servers) Database(ctx context.Context, d *v1alpha1.DatabaseServer) (*postgres.Server, error) {
	secret, err := s.secret(ctx, "DatabaseServer "+d.Name, d.Spec.AdminSecretRef.Name, "username", "password")
	if err != nil {
		return nil, err
	}
	return s.databases.Get(ctx, postgres.Config{
		Name: d.Name, Host: d.Spec.Host, Port: d.Spec.Port, Database: d.Spec.Database,
		User: secret["username"], Password: secret["password"], SSLMode: d.Spec.SSLMode, CABundle: d.Spec.CABundle,
	})
}

// Store returns the store behind an ObjectStore.
func (s *Servers) Store(ctx context.Context, o *v1alpha1.ObjectStore) (*objectstore.Store, error) {
	secret, err := s.secret(ctx, "ObjectStore "+o.Name, o.Spec.IssuerSecretRef.Name, "accessKey", "secretKey")
	if err != nil {
		return nil, err
	}
	config := objectstore.Config{
		Name: o.Name, Endpoint: o.Spec.Endpoint, Region: o.Spec.Region, PathStyle: o.Spec.PathStyle == nil || *o.Spec.PathStyle,
		CABundle: o.Spec.CABundle, AccessKey: secret["accessKey"], SecretKey: secret["secretKey"],
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if open, ok := s.stores[o.Name]; ok {
		if open.config == config {
			return open.store, nil
		}
		open.store.Close()
		delete(s.stores, o.Name)
		select {
		case s.changed <- event.GenericEvent{Object: o.DeepCopy()}:
		default: // nobody listens that fast; all tenants are looked at again in minutes anyway
		}
	}
	store, err := objectstore.Open(config, s.wrap)
	if err != nil {
		return nil, err
	}
	s.stores[o.Name] = openStore{config, store}
	return store, nil
}

// changesKept is how many changes wait for whoever listens to StoresChanged.
const changesKept = 16

// StoresChanged tells of each ObjectStore whose spec or issuer Secret was found
// changed: no event of the API server tells of the Secret, which is not watched.
// There is one channel: one controller can listen.
func (s *Servers) StoresChanged() <-chan event.GenericEvent { return s.changed }

// ForgetDatabase closes the connections to a server whose DatabaseServer is gone.
func (s *Servers) ForgetDatabase(name string) {
	s.databases.Forget(name)
	s.Used.Drop(KindDatabaseServer, name)
}

// ForgetStore closes the connections to a store whose ObjectStore is gone.
func (s *Servers) ForgetStore(name string) {
	s.Used.Drop(KindObjectStore, name)
	s.mu.Lock()
	defer s.mu.Unlock()
	if open, ok := s.stores[name]; ok {
		open.store.Close()
		delete(s.stores, name)
	}
}

func (s *Servers) secret(ctx context.Context, of, name string, keys ...string) (map[string]string, error) {
	var secret corev1.Secret
	err := s.reader.Get(ctx, types.NamespacedName{Namespace: s.namespace, Name: name}, &secret)
	if apierrors.IsNotFound(err) {
		return nil, fault.New(v1alpha1.ReasonSecretMissing, err,
			"%s names Secret %s, which is not in namespace %s: create it with the keys %v", of, name, s.namespace, keys)
	}
	if err != nil {
		return nil, fmt.Errorf("read Secret %s of %s: %w", name, of, err)
	}
	values := map[string]string{}
	for _, key := range keys {
		if len(secret.Data[key]) == 0 {
			return nil, fault.New(v1alpha1.ReasonSecretMissing, nil,
				"Secret %s in namespace %s, which %s names, has no key %s: it needs %v", name, s.namespace, of, key, keys)
		}
		values[key] = string(secret.Data[key])
	}
	return values, nil
}
