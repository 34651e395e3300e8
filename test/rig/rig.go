// Package rig runs the operator, with the rights of its chart and no more, against
// a real API server, PostgreSQL and MinIO. What kubelets and the controller manager
// would do, Hands does. It is for tests: they see each act of an operator, may spoil
// it, and look at what is left behind the product's back.
package rig

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/access"
	"atrium.dev/atrium/test/env"
)

const (
	// System is the operator's namespace.
	System = "atrium-system"
	// Patient is the limit of a wait; never a figure that is asserted.
	Patient = 60 * time.Second
	// Image of release 0.1.0.
	Image = "atrium.dev/atrium-office@sha256:" + "0000000000000000000000000000000000000000000000000000000000000000"
	// AgentImage is that of the Jobs that back up.
	AgentImage = "atrium.dev/atrium-agent@sha256:" + "0000000000000000000000000000000000000000000000000000000000000000"
)

// Main is TestMain of a package that uses rigs. The operator's log is silent unless
// ATRIUM_TEST_LOG is set.
func Main(m *testing.M) {
	handler := slog.DiscardHandler
	if os.Getenv("ATRIUM_TEST_LOG") != "" {
		handler = slog.NewTextHandler(os.Stderr, nil)
	}
	ctrl.SetLogger(logr.FromSlogHandler(handler))
	code := m.Run()
	stopServers()
	os.Exit(code)
}

// Rig is a cluster with servers, one Plan and one Release, and the operators that a
// test starts on it.
type Rig struct {
	T            testing.TB
	Config       *rest.Config  // of an administrator
	Client       client.Client // of an administrator; reads are not cached
	Database     env.Database
	Store        *env.Store
	Installation string
	Hands        *Hands
	// What all operators of this rig did, in order.
	SQL, S3, API *Tally
	// Lost holds why operators learned that they are not the leader any more.
	Lost chan error
	Now  *Clock
	// Stop ends the operator that was started last and waits until it has ended.
	Stop func()

	ailment   atomic.Value // of apps: an ailment
	operators atomic.Int32
}

// Servers that a rig uses instead of new ones of its own. The zero value is all new.
type Servers struct {
	Database     env.Database
	Store        *env.Store
	Installation string // empty: from the database's name
}

// New prepares servers and objects, and starts no operator yet. The API server goes
// from one rig to the next, emptied; two rigs at a time have one each.
func New(t testing.TB) *Rig {
	t.Helper()
	return On(t, Servers{Database: env.Postgres(t), Store: env.MinIO(t)})
}

// Beside is another cluster on the servers, and under the installation, of a rig.
func Beside(t testing.TB, r *Rig) *Rig {
	t.Helper()
	return On(t, Servers{r.Database, r.Store, r.Installation})
}

// On is a cluster on servers that exist.
func On(t testing.TB, s Servers) *Rig {
	t.Helper()
	if s.Installation == "" {
		s.Installation = strings.ReplaceAll(s.Database.Name, "_", "-")
	}
	cluster := borrow(t)
	r := &Rig{
		T: t, Config: cluster.config, Client: cluster.client, Database: s.Database, Store: s.Store, Installation: s.Installation,
		SQL: &Tally{}, S3: &Tally{}, API: &Tally{}, Lost: make(chan error, 1000), Now: &Clock{}, Stop: func() {},
	}
	r.Hands = startHands(t, cluster)
	r.Create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: System}})
	r.rights()
	r.Create(Secret("postgres-admin", map[string]string{"username": r.Database.User, "password": r.Database.Password}))
	r.Create(Secret("minio-issuer", map[string]string{"accessKey": r.Store.AccessKey, "secretKey": r.Store.SecretKey}))
	r.Create(&v1alpha1.DatabaseServer{ObjectMeta: Named("postgres"), Spec: v1alpha1.DatabaseServerSpec{
		Host: r.Database.Host, Port: int32(r.Database.Port), Database: r.Database.Name, SSLMode: "disable",
		AdminSecretRef: v1alpha1.SecretRef{Name: "postgres-admin"},
	}})
	r.Create(&v1alpha1.ObjectStore{ObjectMeta: Named("minio"), Spec: v1alpha1.ObjectStoreSpec{
		Endpoint: r.Store.Endpoint, IssuerSecretRef: v1alpha1.SecretRef{Name: "minio-issuer"},
	}})
	r.Create(BackupStore(r.Store.Endpoint))
	r.Create(Plan("standard", 1))
	r.Create(&v1alpha1.Release{ObjectMeta: Named("0.1.0"), Spec: v1alpha1.ReleaseSpec{Version: "0.1.0", Image: Image, SchemaVersion: 2}})
	return r
}

// rights gives the operator's ServiceAccount the generated roles and no more.
func (r *Rig) rights() {
	root, err := env.Repository()
	Check(r.T, err)
	for _, file := range []string{"operator.yaml", "tenant-manager.yaml"} {
		raw, err := os.ReadFile(filepath.Join(root, "config/rbac", file))
		Check(r.T, err)
		for part := range strings.SplitSeq(string(raw), "\n---\n") {
			var object client.Object = &rbacv1.ClusterRole{}
			if strings.Contains(part, "kind: Role\n") {
				object = &rbacv1.Role{}
			}
			Check(r.T, yaml.Unmarshal([]byte(part), object))
			r.Create(object)
		}
	}
	subject := []rbacv1.Subject{{Kind: "ServiceAccount", Name: access.ServiceAccount, Namespace: System}}
	r.Create(&rbacv1.ClusterRoleBinding{
		ObjectMeta: Named("atrium-operator"), Subjects: subject, RoleRef: rbacv1.RoleRef{Kind: "ClusterRole", Name: "atrium-operator"},
	})
	r.Create(&rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "atrium-operator", Namespace: System}, Subjects: subject,
		RoleRef: rbacv1.RoleRef{Kind: "Role", Name: "atrium-operator"},
	})
}

// Create makes an object as an administrator.
func (r *Rig) Create(object client.Object) {
	r.T.Helper()
	Check(r.T, r.Client.Create(r.T.Context(), object))
}

// Change edits a Tenant by a merge patch, as a person would.
func (r *Rig) Change(name string, edit func(*v1alpha1.Tenant)) {
	r.T.Helper()
	Edit(r, name, &v1alpha1.Tenant{}, edit)
}

// Edit changes a cluster-wide object by a merge patch, as a person would.
func Edit[T client.Object](r *Rig, name string, now T, edit func(T)) {
	r.T.Helper()
	Check(r.T, r.Client.Get(r.T.Context(), client.ObjectKey{Name: name}, now))
	before := now.DeepCopyObject().(client.Object)
	edit(now)
	Check(r.T, r.Client.Patch(r.T.Context(), now, client.MergeFrom(before)))
}

// SetSecret changes one key of a Secret in the operator's namespace.
func (r *Rig) SetSecret(name, key, value string) {
	r.T.Helper()
	var s corev1.Secret
	Check(r.T, r.Client.Get(r.T.Context(), client.ObjectKey{Namespace: System, Name: name}, &s))
	s.Data[key] = []byte(value)
	Check(r.T, r.Client.Update(r.T.Context(), &s))
}

// ailment is what apps answer instead of their version; nil when they are well.
type ailment struct{ err error }

// Ails says how apps answer from now on.
func (r *Rig) Ails(err error) { r.ailment.Store(ailment{err}) }

// Clock can be moved on.
type Clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

// Now is the time that operators see.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

// Forward moves the clock on.
func (c *Clock) Forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// Check ends the test at the first error.
func Check(t testing.TB, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// background is the test's context without its end, for what cleanups do.
func background(t testing.TB) context.Context { return context.WithoutCancel(t.Context()) }

// Describe is a Tenant's state in words, for failures.
func Describe(t *v1alpha1.Tenant) string {
	lines := []string{fmt.Sprintf("%s id %s operation %+v", t.Name, t.Status.ID, t.Status.Operation)}
	for _, c := range t.Status.Conditions {
		lines = append(lines, fmt.Sprintf("  %s=%s %s: %s", c.Type, c.Status, c.Reason, c.Message))
	}
	return strings.Join(lines, "\n")
}
