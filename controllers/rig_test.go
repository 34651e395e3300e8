package controllers_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers"
	"atrium.dev/atrium/internal/access"
	"atrium.dev/atrium/internal/placement"
	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/env"
	"atrium.dev/atrium/test/env/kube"
)

const (
	system  = "atrium-system"
	patient = 60 * time.Second // limit of a wait; never a figure that is asserted
	image   = "atrium.dev/atrium-office@sha256:" + "0000000000000000000000000000000000000000000000000000000000000000"
)

func TestMain(m *testing.M) {
	ctrl.SetLogger(logr.FromSlogHandler(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level()})))
	os.Exit(m.Run())
}

// level of the operator's log: silent unless ATRIUM_TEST_LOG is set.
func level() slog.Level {
	if os.Getenv("ATRIUM_TEST_LOG") != "" {
		return slog.LevelInfo
	}
	return slog.LevelError + 1
}

// rig is an operator with the rights of its chart, on a real API server, PostgreSQL
// and MinIO. What a kubelet and the controller manager would do, hands does.
type rig struct {
	t            *testing.T
	config       *rest.Config // of an administrator
	client       client.Client
	database     env.Database
	store        *env.Store
	installation string
	hands        *hands
	sql          *tally
	s3           *tally
	api          *tally
	lost         chan error
	now          *clock
	ailment      atomic.Value // of apps: an ailment
	stop         func()       // of the operator that was started last
}

// newRig prepares servers and objects, and starts no operator yet.
func newRig(t *testing.T) *rig {
	t.Helper()
	scheme := runtime.NewScheme()
	check(t, clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme))
	r := &rig{
		t: t, config: kube.Start(t), database: env.Postgres(t), store: env.MinIO(t),
		sql: &tally{}, s3: &tally{}, api: &tally{}, lost: make(chan error, 1000), now: &clock{},
	}
	r.installation = strings.ReplaceAll(r.database.Name, "_", "-")
	var err error
	r.client, err = client.New(r.config, client.Options{Scheme: scheme})
	check(t, err)
	r.hands = startHands(t, r.client, r.config)
	r.create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: system}})
	r.rights()
	r.create(secret("postgres-admin", map[string]string{"username": r.database.User, "password": r.database.Password}))
	r.create(secret("minio-issuer", map[string]string{"accessKey": r.store.AccessKey, "secretKey": r.store.SecretKey}))
	r.create(&v1alpha1.DatabaseServer{ObjectMeta: named("postgres"), Spec: v1alpha1.DatabaseServerSpec{
		Host: r.database.Host, Port: int32(r.database.Port), Database: r.database.Name, SSLMode: "disable",
		AdminSecretRef: v1alpha1.SecretRef{Name: "postgres-admin"},
	}})
	r.create(&v1alpha1.ObjectStore{ObjectMeta: named("minio"), Spec: v1alpha1.ObjectStoreSpec{
		Endpoint: r.store.Endpoint, IssuerSecretRef: v1alpha1.SecretRef{Name: "minio-issuer"},
	}})
	r.create(plan("standard", 1))
	r.create(&v1alpha1.Release{ObjectMeta: named("0.1.0"), Spec: v1alpha1.ReleaseSpec{Version: "0.1.0", Image: image, SchemaVersion: 2}})
	return r
}

func secret(name string, values map[string]string) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: system}, StringData: values}
}

func named(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Name: name} }

// rights gives the operator's ServiceAccount the generated roles and no more.
func (r *rig) rights() {
	root, err := env.Repository()
	check(r.t, err)
	for _, file := range []string{"operator.yaml", "tenant-manager.yaml"} {
		raw, err := os.ReadFile(filepath.Join(root, "config/rbac", file))
		check(r.t, err)
		for part := range strings.SplitSeq(string(raw), "\n---\n") {
			var object client.Object = &rbacv1.ClusterRole{}
			if strings.Contains(part, "kind: Role\n") {
				object = &rbacv1.Role{}
			}
			check(r.t, yaml.Unmarshal([]byte(part), object))
			r.create(object)
		}
	}
	subject := []rbacv1.Subject{{Kind: "ServiceAccount", Name: access.ServiceAccount, Namespace: system}}
	r.create(&rbacv1.ClusterRoleBinding{
		ObjectMeta: named("atrium-operator"), Subjects: subject, RoleRef: rbacv1.RoleRef{Kind: "ClusterRole", Name: "atrium-operator"},
	})
	r.create(&rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "atrium-operator", Namespace: system}, Subjects: subject,
		RoleRef: rbacv1.RoleRef{Kind: "Role", Name: "atrium-operator"},
	})
}

// operate starts an operator; r.stop ends it and waits until it has ended.
func (r *rig) operate() {
	r.t.Helper()
	mgr, ctx, cancel := r.manager()
	ended := make(chan error, 1)
	go func() { ended <- mgr.Start(ctx) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			r.t.Errorf("the operator ended: %v", err)
		}
	})
	r.t.Cleanup(r.stop)
}

// ailment is what apps answer instead of their version; nil when they are well.
type ailment struct{ err error }

// ails says how apps answer from now on.
func (r *rig) ails(err error) { r.ailment.Store(ailment{err}) }

// start runs an operator that is expected to end by itself.
func (r *rig) start() error {
	r.t.Helper()
	mgr, ctx, cancel := r.manager()
	defer cancel()
	timer := time.AfterFunc(patient, cancel)
	defer timer.Stop()
	return mgr.Start(ctx)
}

func (r *rig) manager() (manager.Manager, context.Context, context.CancelFunc) {
	r.t.Helper()
	config := rest.CopyConfig(r.config)
	config.QPS, config.Burst = 200, 400
	config.Impersonate = rest.ImpersonationConfig{UserName: "system:serviceaccount:" + system + ":" + access.ServiceAccount}
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return r.api.through(next, apiWrite) })
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.t.Context()))
	mgr, err := controllers.New(ctx, config, controllers.Options{
		Installation: r.installation, Namespace: system, MetricsAddress: "0",
		Site:    placement.Site{BaseDomain: "localhost", Scheme: "http", Port: 8080},
		Metrics: prometheus.NewRegistry(), Now: r.now.Now, Random: rand.Reader,
		Ask: func(context.Context, string) (contract.Version, error) {
			sick, _ := r.ailment.Load().(ailment)
			return contract.Version{Release: "0.1.0", SchemaVersion: 2}, sick.err
		},
		Tracer: statements{r.sql},
		Wrap:   func(next http.RoundTripper) http.RoundTripper { return r.s3.through(next, s3Call) },
		Lost:   func(err error) { r.lost <- err },
	})
	check(r.t, err)
	return mgr, ctx, cancel
}

func (r *rig) create(object client.Object) {
	r.t.Helper()
	check(r.t, r.client.Create(r.t.Context(), object))
}

func plan(name string, replicas int32) *v1alpha1.Plan {
	return &v1alpha1.Plan{ObjectMeta: named(name), Spec: v1alpha1.PlanSpec{
		Replicas: replicas, Resources: v1alpha1.Resources{
			Requests: v1alpha1.ResourceAmounts{CPU: quantity("50m"), Memory: quantity("64Mi")},
			Limits:   v1alpha1.ResourceAmounts{CPU: quantity("1"), Memory: quantity("256Mi")},
		},
		RequestLimits: v1alpha1.RequestLimits{MaxBodyBytes: 100 << 20, RequestsPerSecond: 200, Burst: 400},
		Database:      v1alpha1.DatabaseLimits{Connections: 20, StatementTimeout: metav1.Duration{Duration: 30 * time.Second}},
	}}
}

func company(name string, change ...func(*v1alpha1.Tenant)) *v1alpha1.Tenant {
	t := &v1alpha1.Tenant{ObjectMeta: named(name), Spec: v1alpha1.TenantSpec{
		DisplayName: "云杉科技有限公司", Plan: "standard", Release: "0.1.0",
	}}
	for _, c := range change {
		c(t)
	}
	return t
}

// root is the store's own user.
func (r *rig) root() *minio.Client {
	r.t.Helper()
	c, err := minio.New(strings.TrimPrefix(r.store.Endpoint, "http://"), &minio.Options{Creds: credentials.NewStaticV4(r.store.AccessKey, r.store.SecretKey, "")})
	check(r.t, err)
	return c
}

func (r *rig) bucketExists(name string) bool {
	r.t.Helper()
	exists, err := r.root().BucketExists(r.t.Context(), name)
	check(r.t, err)
	return exists
}

func (r *rig) putObject(bucket string) {
	r.t.Helper()
	_, err := r.root().PutObject(r.t.Context(), bucket, "a/b", strings.NewReader("x"), 1, minio.PutObjectOptions{})
	check(r.t, err)
}

// until reads a Tenant again until a test holds for it, and returns it.
func (r *rig) until(name, what string, holds func(*v1alpha1.Tenant) bool) *v1alpha1.Tenant {
	r.t.Helper()
	var now v1alpha1.Tenant
	r.eventually(name+" "+what, func() bool {
		now = v1alpha1.Tenant{}
		err := r.client.Get(r.t.Context(), client.ObjectKey{Name: name}, &now)
		return client.IgnoreNotFound(err) == nil && holds(&now)
	}, func() string { return describe(&now) })
	return &now
}

func (r *rig) eventually(what string, holds func() bool, state func() string) {
	r.t.Helper()
	deadline := time.After(patient)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline:
			r.t.Fatalf("%s: not within %s\n%s", what, patient, state())
		case <-tick.C:
		}
	}
}

func describe(t *v1alpha1.Tenant) string {
	lines := []string{fmt.Sprintf("%s id %s operation %+v", t.Name, t.Status.ID, t.Status.Operation)}
	for _, c := range t.Status.Conditions {
		lines = append(lines, fmt.Sprintf("  %s=%s %s: %s", c.Type, c.Status, c.Reason, c.Message))
	}
	return strings.Join(lines, "\n")
}

func (r *rig) ready(name string) *v1alpha1.Tenant {
	r.t.Helper()
	return r.until(name, "becomes ready", func(t *v1alpha1.Tenant) bool {
		return condition(t, v1alpha1.ConditionReady).Status == metav1.ConditionTrue && t.Status.ObservedGeneration == t.Generation
	})
}

func condition(t *v1alpha1.Tenant, kind string) metav1.Condition {
	i := slices.IndexFunc(t.Status.Conditions, func(c metav1.Condition) bool { return c.Type == kind })
	if i < 0 {
		return metav1.Condition{}
	}
	return t.Status.Conditions[i]
}

// change edits a Tenant by a merge patch, as a person would.
func (r *rig) change(name string, edit func(*v1alpha1.Tenant)) {
	r.t.Helper()
	var now v1alpha1.Tenant
	check(r.t, r.client.Get(r.t.Context(), client.ObjectKey{Name: name}, &now))
	before := now.DeepCopy()
	edit(&now)
	check(r.t, r.client.Patch(r.t.Context(), &now, client.MergeFrom(before)))
}

func check(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}
