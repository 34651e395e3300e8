package tenant

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/servers"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/postgres"
	"atrium.dev/atrium/internal/registry"
)

type tx = pgx.Tx

// verified is what was found to be as it should on the servers, so that a pass that
// only follows a pod's start asks them nothing.
type verified struct {
	inputs string
	row    registry.Row
	until  time.Time
}

// verifiedFor is how long servers are trusted to be as they were found.
const verifiedFor = resync - 10*time.Second

// database makes schema and roles.
func (r *Reconciler) database(ctx context.Context, s *scope) error {
	known := r.verified.get(s.tenant.Name)
	if known.inputs == s.inputs() && r.Now().Before(known.until) && !closes(known.row, r.Now()) && !s.away() && s.restore() == "" && s.serves(known.row.Schema) {
		s.row, s.fresh = known.row, true
		return nil
	}
	if err := servers.Silent(s.databaseServer.Generation, &s.databaseServer.Status.ServerStatus); err != nil {
		return err
	}
	if reachable(s.databaseServer) == "" {
		// The server's own controller prepares it for tenants first.
		return &waiting{v1alpha1.ReasonWaiting, "DatabaseServer " + s.databaseServer.Name + " is being prepared", cacheFills}
	}
	limits := postgres.Limits{
		Connections:      s.plan.Spec.Database.Connections,
		StatementTimeout: s.plan.Spec.Database.StatementTimeout.Duration,
	}
	err := r.Registry.Locked(ctx, s.database, s.id, func(tx tx, row *registry.Row) error {
		if row.State != registry.Active {
			return fault.Blocked(v1alpha1.ReasonAdoptionRefused, nil,
				"the registry says that tenant %s is %s: somebody changed it behind this Tenant's back; delete the Tenant and apply it again with spec.adopt", s.id, row.State)
		}
		s.row = *row
		if row.Hold != "" {
			return nil // logins stay as they are until the app has ended
		}
		n := s.names()
		if _, err := s.database.EnsureTenant(ctx, tx, n, limits, s.openLogins(r.Now()), row.Schema != ""); err != nil {
			return err
		}
		row.Name, row.Schema = s.tenant.Name, n.Schema
		s.row = *row
		return nil
	})
	if err != nil || s.row.Hold != "" || !closes(s.row, r.Now()) {
		return err
	}
	return r.retireLogin(ctx, s)
}

// serves says whether the Tenant's status names no other schema. It does after a restore
// that this process, which stood still meanwhile, knows nothing of: what it remembers
// would lead the app back to what the company had before.
func (s *scope) serves(schema string) bool {
	told := s.tenant.Status.Schema
	return told == "" || told == schema
}

// openLogins are the roles that may log in now.
func (s *scope) openLogins(now time.Time) []string {
	n := s.names()
	open := []string{n.Migrate, n.Login(s.row.Login)}
	if s.row.CloseOther != nil && !closes(s.row, now) {
		open = append(open, n.Other(s.row.Login))
	}
	if s.row.Read(now) {
		open = append(open, n.Backup) // opened and closed by whoever backs up
	}
	return open
}

// inputs are what the steps database and bucket depend on.
func (s *scope) inputs() string {
	return fmt.Sprint(s.tenant.UID, s.id, s.plan.Spec.Database, s.databaseServer.Generation, reachable(s.databaseServer),
		s.objectStore.Generation, reachable(s.objectStore), s.store.IssuerDigest(), s.restore())
}

// away holds while a server's own condition says that it does not answer. What is
// found then may be a moment between two faults: it is not trusted for long.
func (s *scope) away() bool {
	return s.databaseServer != nil && strings.HasPrefix(reachable(s.databaseServer), string(metav1.ConditionFalse)) ||
		s.objectStore != nil && strings.HasPrefix(reachable(s.objectStore), string(metav1.ConditionFalse))
}

// remember what was verified in this pass.
func (r *Reconciler) remember(s *scope) {
	known := verified{inputs: s.inputs(), row: s.row, until: r.Now().Add(verifiedFor)}
	if s.fresh {
		known.until = r.verified.get(s.tenant.Name).until
	}
	r.verified.set(s.tenant.Name, known)
}

// closeLogins closes the tenant's logins and ends their sessions, but spares a backup or
// a restore at work unless the Tenant goes. That they are closed is committed first: until then
// a session that was ended could begin again.
func (r *Reconciler) closeLogins(ctx context.Context, s *scope) error {
	for _, do := range []func(context.Context, tx, []string) error{postgres.CloseLogins, postgres.EndSessions} {
		err := r.Registry.Locked(ctx, s.database, s.id, func(tx tx, row *registry.Row) error {
			s.row = *row
			return do(ctx, tx, s.closing(r.Now()))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// closing are the roles whose logins are closed: all but those that are at work for the
// company's backups.
func (s *scope) closing(now time.Time) []string {
	n := s.names()
	var spared []string
	if s.tenant.DeletionTimestamp.IsZero() && s.row.BackingUp(now) {
		spared = append(spared, n.Backup)
	}
	if s.tenant.DeletionTimestamp.IsZero() && (s.row.BeingRestored(now) || s.row.Hold != "") {
		spared = append(spared, n.Migrate) // it fills the schema
	}
	return slices.DeleteFunc(n.Roles(), func(role string) bool { return slices.Contains(spared, role) })
}

// undoDatabase closes the logins, and under Delete removes schema and roles.
func (r *Reconciler) undoDatabase(ctx context.Context, s *scope) error {
	if err := r.closeLogins(ctx, s); err != nil || !s.drops() {
		return err
	}
	return r.Registry.Locked(ctx, s.database, s.id, func(tx tx, _ *registry.Row) error {
		return s.database.DropTenant(ctx, tx, s.id, s.names())
	})
}

func (r *Reconciler) databaseInventory(ctx context.Context, s *scope) ([]string, error) {
	return s.database.Inventory(ctx, s.id)
}
