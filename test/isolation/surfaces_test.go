package isolation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/test/rig"
)

// The rows of the matrix. Whoever makes something new for a company adds a row, and
// with it the attempts that it needs.
var rows = struct {
	roles, secrets, platformSecrets, services, accounts, ports, bindings []string
}{
	// roles of a company, without its id; all of them try every statement.
	roles: []string{"owner", "app", "app_a", "app_b", "migrate", "backup"},
	// secrets of a company's namespace; nobody of another company may read any.
	secrets: []string{"office-database", "office-migrate", "office-bucket", "office-keys", "first-admin"},
	// platformSecrets of the operator's namespace; <id> is a company's.
	platformSecrets: []string{"postgres-admin", "minio-issuer", "backup-issuer", "key-<id>"},
	services:        []string{"office http 80", "office ops 8081"},
	accounts:        []string{"office"},
	ports:           []string{"office http 8080", "office ops 8081"},
	bindings:        []string{"atrium-operator ServiceAccount atrium-system/operator atrium-tenant-manager"},
}

// surfaces compares what there is with the rows.
func (w *world) surfaces() {
	w.t.Helper()
	known := func(kind, what string, rows []string) {
		if !slices.Contains(rows, what) {
			w.t.Errorf("%s %q has no row in the matrix: add one to test/isolation/surfaces_test.go, with the attempts that it needs", kind, what)
		}
	}
	for _, o := range w.tenants {
		for _, role := range w.rolesOf(o) {
			known("role", strings.TrimPrefix(role, "t_"+o.id+"_"), rows.roles)
		}
		for _, s := range list[corev1.Secret](w, &corev1.SecretList{}, o.namespace) {
			known("Secret", s.Name, rows.secrets)
		}
		for _, s := range list[corev1.Service](w, &corev1.ServiceList{}, o.namespace) {
			for _, p := range s.Spec.Ports {
				known("port of Service", fmt.Sprintf("%s %s %d", s.Name, p.Name, p.Port), rows.services)
			}
		}
		for _, a := range list[corev1.ServiceAccount](w, &corev1.ServiceAccountList{}, o.namespace) {
			known("ServiceAccount", a.Name, rows.accounts)
		}
		for _, b := range list[rbacv1.RoleBinding](w, &rbacv1.RoleBindingList{}, o.namespace) {
			for _, s := range b.Subjects {
				known("RoleBinding", fmt.Sprintf("%s %s %s/%s %s", b.Name, s.Kind, s.Namespace, s.Name, b.RoleRef.Name), rows.bindings)
			}
		}
		for _, c := range w.containers(o) {
			for _, p := range c.Ports {
				known("port of container", fmt.Sprintf("%s %s %d", c.Name, p.Name, p.ContainerPort), rows.ports)
			}
		}
	}
	for _, s := range list[corev1.Secret](w, &corev1.SecretList{}, rig.System) {
		name := s.Name
		for _, o := range w.tenants {
			name = strings.ReplaceAll(name, o.id, "<id>")
		}
		known("Secret of the platform", name, rows.platformSecrets)
	}
	w.strangers()
}

// strangers are roles and buckets of this installation that belong to no company.
func (w *world) strangers() {
	w.t.Helper()
	owned := func(name string) bool {
		return slices.ContainsFunc(w.tenants, func(o *tenant) bool { return strings.Contains(name, o.id) })
	}
	// Roles belong to the whole server, which other tests of this process use too.
	w.rig.AsSuperuser(func(conn *pgx.Conn) {
		found, err := conn.Query(w.t.Context(), `
			SELECT rolname::text FROM pg_roles WHERE starts_with(rolname, $1) AND rolname <> $1 AND rolname <> $1 || '_tenants'`, w.rig.Database.Name)
		rig.Check(w.t, err)
		names, err := pgx.CollectRows(found, pgx.RowTo[string])
		rig.Check(w.t, err)
		for _, name := range names {
			w.t.Errorf("role %s has no row in the matrix", name)
		}
	})
	buckets, err := w.rig.Root().ListBuckets(w.t.Context())
	rig.Check(w.t, err)
	for _, b := range buckets {
		shared := []string{w.rig.Installation + "-probe", w.rig.Installation + "-keys"}
		if strings.HasPrefix(b.Name, w.rig.Installation+"-") && !owned(b.Name) && !slices.Contains(shared, b.Name) {
			w.t.Errorf("bucket %s has no row in the matrix", b.Name)
		}
	}
}

// rolesOf a company, by its id.
func (w *world) rolesOf(o *tenant) (roles []string) {
	w.t.Helper()
	w.rig.AsSuperuser(func(conn *pgx.Conn) {
		found, err := conn.Query(w.t.Context(), `SELECT rolname::text FROM pg_roles WHERE strpos(rolname, $1) > 0 ORDER BY 1`, o.id)
		rig.Check(w.t, err)
		roles, err = pgx.CollectRows(found, pgx.RowTo[string])
		rig.Check(w.t, err)
	})
	return roles
}

// templates are the pods that a company's namespace runs.
func (w *world) templates(o *tenant) map[string]corev1.PodTemplateSpec {
	w.t.Helper()
	all := map[string]corev1.PodTemplateSpec{}
	for _, d := range list[appsv1.Deployment](w, &appsv1.DeploymentList{}, o.namespace) {
		all["Deployment "+d.Name] = d.Spec.Template
	}
	for _, j := range list[batchv1.Job](w, &batchv1.JobList{}, o.namespace) {
		all["Job "+j.Name] = j.Spec.Template
	}
	if len(all) < 2 {
		w.t.Fatalf("%s runs %d workloads, want its app and its migration", o.name, len(all))
	}
	return all
}

func (w *world) containers(o *tenant) (all []corev1.Container) {
	for _, template := range w.templates(o) {
		all = append(append(all, template.Spec.InitContainers...), template.Spec.Containers...)
	}
	return all
}

// list reads all objects of a kind in a namespace.
func list[T any](w *world, into client.ObjectList, namespace string) (items []T) {
	w.t.Helper()
	rig.Check(w.t, w.rig.Client.List(w.t.Context(), into, client.InNamespace(namespace)))
	rig.Check(w.t, meta.EachListItem(into, func(o runtime.Object) error {
		item, ok := o.(any).(*T)
		if !ok {
			return fmt.Errorf("%T is no %T", o, item)
		}
		items = append(items, *item)
		return nil
	}))
	return items
}
