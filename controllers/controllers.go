// Package controllers wires the operator's controllers into one manager. What each
// does stands in its own folder.
package controllers

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/agentjob"
	"atrium.dev/atrium/controllers/backup"
	"atrium.dev/atrium/controllers/counter"
	"atrium.dev/atrium/controllers/databaseserver"
	"atrium.dev/atrium/controllers/export"
	"atrium.dev/atrium/controllers/keydestruction"
	"atrium.dev/atrium/controllers/objectstore"
	"atrium.dev/atrium/controllers/orphans"
	"atrium.dev/atrium/controllers/restore"
	"atrium.dev/atrium/controllers/servers"
	"atrium.dev/atrium/controllers/tenant"
	"atrium.dev/atrium/controllers/tenanthealth"
	"atrium.dev/atrium/internal/placement"
	"atrium.dev/atrium/internal/postgres"
	"atrium.dev/atrium/internal/registry"
)

// Options of an operator.
type Options struct {
	Installation   string
	Site           placement.Site
	Recipient      string            // of wrapped root keys: an age recipient
	Namespace      string            // of the operator
	Monitoring     map[string]string // labels of namespaces whose pods read metrics of apps; empty for none
	ClusterRanges  []netip.Prefix    // no part of the Internet for companies
	Agent          string            // image of the agent that backs up
	Version        string            // of the operator, for manifests of backups
	LeaderElect    bool
	MetricsAddress string // also of health; "0" opens no port

	Metrics prometheus.Registerer
	Now     func() time.Time
	Random  io.Reader
	Ask     tenanthealth.Ask
	// Tracer sees each SQL statement and Wrap each call to a store; both may be nil.
	Tracer pgx.QueryTracer
	Wrap   func(http.RoundTripper) http.RoundTripper
	// Lost ends the operator: another one took over.
	Lost func(error)
}

// +kubebuilder:rbac:groups=coordination.k8s.io,namespace=atrium-system,resources=leases,verbs=get;create;update;patch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch
// +kubebuilder:rbac:groups="",namespace=atrium-system,resources=events,verbs=create;patch

// leaseName is that of the operator's leader election.
const leaseName = "atrium-operator"

// New makes the manager with all controllers. It asks the API server for the
// cluster's identity, so ctx bounds the call; the controllers live as long as the
// manager runs.
func New(ctx context.Context, rc *rest.Config, o Options) (manager.Manager, error) {
	mgr, err := newManager(ctx, rc, o)
	if err != nil {
		return nil, err
	}
	cluster, err := clusterID(ctx, mgr.GetAPIReader())
	if err != nil {
		return nil, err
	}
	databases := postgres.NewServers(o.Tracer)
	open := servers.New(mgr.GetAPIReader(), o.Namespace, databases, o.Wrap)
	rows := registry.New(o.Installation, cluster)
	db := &databaseserver.Reconciler{Client: mgr.GetClient(), Servers: open, Registry: rows, Now: o.Now, Lost: o.Lost}
	walker := &objectstore.Walker{Client: mgr.GetClient(), Servers: open, Now: o.Now}
	exports := &export.Reconciler{Client: mgr.GetClient(), Servers: open, Installation: o.Installation, Recipient: o.Recipient, Now: o.Now}
	controllers := []interface{ SetupWithManager(ctrl.Manager) error }{
		db,
		&objectstore.Reconciler{Client: mgr.GetClient(), Servers: open, Installation: o.Installation, Now: o.Now, Walker: walker},
		counter.Plans(mgr.GetClient()),
		counter.Releases(mgr.GetClient()),
		&keydestruction.Reconciler{
			Client: mgr.GetClient(), Servers: open, Registry: rows, Events: mgr.GetEventRecorder("atrium-operator"),
			Installation: o.Installation, Namespace: o.Namespace, Now: o.Now,
		},
		&orphans.Sweeper{
			Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Servers: open, Registry: rows, Events: mgr.GetEventRecorder("atrium-operator"),
			Installation: o.Installation, Namespace: o.Namespace, Now: o.Now,
		},
		exports,
		&tenanthealth.Reconciler{Client: mgr.GetClient(), Ask: o.Ask, Now: o.Now},
		&tenant.Reconciler{
			Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Servers: open, Registry: rows, Events: mgr.GetEventRecorder("atrium-operator"),
			Installation: o.Installation, Namespace: o.Namespace, Site: o.Site, ClusterRanges: o.ClusterRanges, Monitoring: o.Monitoring, Recipient: o.Recipient, Now: o.Now, Random: o.Random, Lost: o.Lost,
		},
	}
	agent := func(owner client.FieldOwner) *agentjob.Runner {
		return &agentjob.Runner{Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Owner: owner, Installation: o.Installation, Namespace: o.Namespace, Image: o.Agent, Now: o.Now}
	}
	backups := &backup.Reconciler{
		Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Agent: agent(backup.FieldOwner), Servers: open, Registry: rows, Events: mgr.GetEventRecorder("atrium-operator"),
		Installation: o.Installation, Namespace: o.Namespace, Version: o.Version, Now: o.Now, Random: o.Random,
	}
	if err := backup.Index(ctx, mgr.GetFieldIndexer()); err != nil {
		return nil, err
	}
	controllers = append(controllers, backups, &backup.Scheduler{Backups: backups}, &backup.Catalogue{Backups: backups}, &restore.Reconciler{
		Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Agent: agent(restore.FieldOwner), Servers: open, Registry: rows, Events: mgr.GetEventRecorder("atrium-operator"),
		Installation: o.Installation, Namespace: o.Namespace, Now: o.Now,
	})
	for _, c := range controllers {
		if err := c.SetupWithManager(mgr); err != nil {
			return nil, err
		}
	}
	if err := mgr.Add(databaseserver.Guard{Reconciler: db}); err != nil {
		return nil, err
	}
	if err := mgr.Add(manager.RunnableFunc(func(ctx context.Context) error {
		<-ctx.Done()
		databases.Close()
		return nil
	})); err != nil {
		return nil, err
	}
	for _, c := range []prometheus.Collector{walker, exports} {
		if err := o.Metrics.Register(c); err != nil {
			return nil, err
		}
	}
	if err := open.RegisterMetrics(ctx, o.Metrics, mgr.GetClient()); err != nil {
		return nil, err
	}
	if err := backup.RegisterMetrics(ctx, o.Metrics, mgr.GetClient(), o.Now); err != nil {
		return nil, err
	}
	return mgr, tenant.RegisterMetrics(ctx, o.Metrics, mgr.GetClient(), o.Now)
}

func newManager(ctx context.Context, rc *rest.Config, o Options) (manager.Manager, error) {
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return nil, err
	}
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	alive := &healthz.CheckHandler{Checker: healthz.Ping}
	several := true // operators may run in one process of a test
	mgr, err := ctrl.NewManager(rc, ctrl.Options{
		Scheme: scheme,
		Logger: ctrl.LoggerFrom(ctx),
		Metrics: metricsserver.Options{
			BindAddress:   o.MetricsAddress,
			ExtraHandlers: map[string]http.Handler{"/healthz": alive, "/readyz": alive},
		},
		LeaderElection:                o.LeaderElect,
		LeaderElectionID:              leaseName,
		LeaderElectionNamespace:       o.Namespace,
		LeaderElectionReleaseOnCancel: true,
		Cache: cache.Options{
			ByObject:         tenant.CacheByObject(o.Namespace),
			DefaultTransform: cache.TransformStripManagedFields(),
		},
		Client:     client.Options{Cache: &client.CacheOptions{DisableFor: []client.Object{&corev1.Secret{}, &corev1.Pod{}}}},
		Controller: config.Controller{SkipNameValidation: &several},
	})
	if err != nil {
		return nil, fmt.Errorf("start the operator's manager: %w", err)
	}
	return mgr, nil
}

// clusterID is an identity that a cluster keeps and a new one does not share.
func clusterID(ctx context.Context, reader client.Reader) (string, error) {
	var system corev1.Namespace
	if err := reader.Get(ctx, client.ObjectKey{Name: metav1.NamespaceSystem}, &system); err != nil {
		return "", fmt.Errorf("read namespace %s for the cluster's identity: %w", metav1.NamespaceSystem, err)
	}
	return string(system.UID), nil
}
