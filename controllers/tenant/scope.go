package tenant

import (
	"time"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/keys"
	"atrium.dev/atrium/internal/objectstore"
	"atrium.dev/atrium/internal/postgres"
	"atrium.dev/atrium/internal/registry"
)

// scope is what one pass over one tenant knows. Steps read what those before them
// found out.
type scope struct {
	tenant  *v1alpha1.Tenant
	began   time.Time
	results []result

	id        string // empty until the tenant is placed
	namespace string
	url       string
	hosts     []string

	plan    *v1alpha1.Plan
	release *v1alpha1.Release

	databaseServer *v1alpha1.DatabaseServer
	objectStore    *v1alpha1.ObjectStore
	database       *postgres.Server
	store          *objectstore.Store

	row     registry.Row // as read last; decisions about it are made under its lock
	fresh   bool         // row, schema and bucket were verified a short time ago
	renewAt time.Time    // when credentials are due, or a login to be closed
	// rotating is true when this pass gives the tenant new credentials of all kinds.
	rotating    bool
	key         *keys.Key // the root key, in a pass that looked at it
	bucketUntil time.Time // when the bucket's credentials end
	first       firstAdmin
	running     string // name of the Release that the pods run; empty while unknown
	// boundNow is true when the namespace was made in this pass: the rights in it
	// may not be known everywhere yet.
	boundNow bool
	// empty is true when the namespace is gone or going: there is nothing in it to
	// take back, and no right to look.
	empty bool
	// definitionGoes is true when the Tenant is deleted because its definition is.
	definitionGoes bool
	// keyless is true while an office runs whose root key is not as it should be: what
	// runs goes on, and nothing new begins.
	keyless bool
	// lagging is true when the cache does not show our own writes yet.
	lagging bool
}

func (r *Reconciler) scope(tenant *v1alpha1.Tenant) *scope {
	return &scope{
		tenant: tenant, id: tenant.Status.ID, began: r.Now(),
		namespace: v1alpha1.NamespacePrefix + tenant.Name,
		url:       r.Site.URL(r.Site.Host(tenant)),
		running:   tenant.Status.Release,
	}
}

// wake asks for a pass at a time; the earliest counts.
func (s *scope) wake(at time.Time) {
	if s.renewAt.IsZero() || at.Before(s.renewAt) {
		s.renewAt = at
	}
}

// names on the database server.
func (s *scope) names() postgres.Names {
	n := postgres.NamesOf(s.id, 1)
	if s.row.Schema != "" {
		n.Schema = s.row.Schema
	}
	return n
}

// labels of every object that is made for the tenant.
func (s *scope) labels() map[string]string {
	return map[string]string{
		v1alpha1.LabelTenantID:  s.id,
		v1alpha1.LabelTenant:    s.tenant.Name,
		v1alpha1.LabelManagedBy: v1alpha1.ManagedBy,
	}
}

// policy that a deletion follows. One that drops data needs a person's confirmation for
// this very company.
func (s *scope) policy() v1alpha1.DeletionPolicy {
	confirmed := !s.definitionGoes && s.tenant.Annotations[v1alpha1.AnnotationConfirmDeletion] == s.tenant.Name
	if wanted := s.tenant.Spec.DeletionPolicy; confirmed && (wanted == v1alpha1.DeletionDelete || wanted == v1alpha1.DeletionFinalBackup) {
		return wanted
	}
	return v1alpha1.DeletionRetain
}

// drops says whether the deletion removes the company's data.
func (s *scope) drops() bool { return s.policy() != v1alpha1.DeletionRetain }
