package backup

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/agentjob"
	"atrium.dev/atrium/controllers/tenant"
	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/keys"
	"atrium.dev/atrium/internal/objectstore"
	"atrium.dev/atrium/internal/postgres"
	"atrium.dev/atrium/internal/registry"
)

// scope is what one pass over one backup knows.
type scope struct {
	backup, before *v1alpha1.TenantBackup

	tenant    *v1alpha1.Tenant
	namespace string
	row       registry.Row // as read last

	databaseServer *v1alpha1.DatabaseServer
	database       *postgres.Server
	source         *v1alpha1.ObjectStore // of the tenant's bucket
	sourceStore    *objectstore.Store
	target         *v1alpha1.ObjectStore // of the backup
	targetStore    *objectstore.Store

	key  *keys.Key
	keys backup.Keys
}

// waiting says that a backup is on its way and nothing is wrong.
type waiting struct {
	reason  string
	message string
	again   time.Duration
}

func (w *waiting) Error() string { return w.message }

func asWaiting(err error) (w *waiting, ok bool) {
	ok = errors.As(err, &w)
	return w, ok
}

func (s *scope) id() string { return s.backup.Status.TenantID }

// name of the Secret and the policy that are there while the backup is at work.
func (s *scope) name() string { return "backup-" + s.backup.Name }

func (s *scope) job() string { return fmt.Sprintf("%s-%d", s.name(), s.backup.Status.Attempt) }

// work is what the agent does for it.
func (s *scope) work() agentjob.Work {
	return agentjob.Work{
		Name: s.name(), Label: v1alpha1.LabelBackup, Of: s.backup.Name, Namespace: s.namespace, Tenant: s.backup.Spec.Tenant, TenantID: s.id(),
	}
}

// findTenant reads the Tenant; one that goes is none but for its final backup.
func (r *Reconciler) findTenant(ctx context.Context, s *scope) error {
	var t v1alpha1.Tenant
	err := r.Client.Get(ctx, client.ObjectKey{Name: s.backup.Spec.Tenant}, &t)
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("read Tenant %s: %w", s.backup.Spec.Tenant, err)
	}
	if err != nil || !t.DeletionTimestamp.IsZero() && !tenant.IsFinal(&t, s.backup.Name) {
		return fault.OfUser(v1alpha1.ReasonTenantNotFound,
			"there is no Tenant %q, or it is being deleted: make a TenantBackup of one of `kubectl get tenants`", s.backup.Spec.Tenant)
	}
	if t.Status.ID == "" || t.Status.Placement == nil || t.Status.Namespace == "" {
		return fault.New(v1alpha1.ReasonTenantNotReady, nil, "Tenant %s has no place yet: see its conditions", t.Name)
	}
	s.tenant, s.namespace = &t, t.Status.Namespace
	return nil
}

// openServers opens where the data lies and where the backup goes.
func (r *Reconciler) openServers(ctx context.Context, s *scope, database, source, target string) (err error) {
	if s.databaseServer, s.database, err = r.Servers.NamedDatabase(ctx, r.Client, database); err != nil {
		return err
	}
	if s.source, s.sourceStore, err = r.Servers.NamedStore(ctx, r.Client, source); err != nil {
		return err
	}
	s.target, s.targetStore, err = r.Servers.NamedStore(ctx, r.Client, target)
	return err
}

// resolveStarted finds what a backup needs whose turn came. The company may have gone
// meanwhile, or another one may have its name.
func (r *Reconciler) resolveStarted(ctx context.Context, s *scope) error {
	err := r.findTenant(ctx, s)
	if fault.Is(err, v1alpha1.ReasonTenantNotFound) || err == nil && s.tenant.Status.ID != s.id() {
		return r.fail(ctx, s, v1alpha1.ReasonTenantNotFound, "the company was deleted while it was backed up")
	}
	if err != nil {
		return err
	}
	status := s.backup.Status
	if err := r.openServers(ctx, s, status.DatabaseServer, s.tenant.Status.Placement.ObjectStore, status.Store); err != nil {
		return err
	}
	return r.Registry.Locked(ctx, s.database, s.id(), func(_ pgx.Tx, row *registry.Row) error {
		s.row = *row
		return nil
	})
}

// readKey reads the tenant's root key and derives what backups need.
func (r *Reconciler) readKey(ctx context.Context, s *scope) error {
	key, err := tenant.RootKey(ctx, r.Live, r.Namespace, s.row.ID, s.row.KeyCheck)
	if err != nil {
		return err
	}
	if key == nil {
		return fault.Blocked(v1alpha1.ReasonKeyMissing, nil, "this company's root key cannot be used, and a backup without it could never be opened: see condition KeyReady of Tenant %s", s.tenant.Name)
	}
	s.key, s.keys = key, backup.KeysOf(key.Derive(keys.Backup))
	return nil
}

// randomText is 32 random bytes as base64url.
func randomText(random io.Reader) (string, error) {
	raw := make([]byte, 32)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", fmt.Errorf("make a password: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(raw), nil
}

// event tells people who watch.
func (r *Reconciler) event(s *scope, kind, reason, format string, args ...any) {
	r.Events.Eventf(s.backup, nil, kind, reason, "Backup", format, args...)
}

const (
	normal  = corev1.EventTypeNormal
	warning = corev1.EventTypeWarning
)
