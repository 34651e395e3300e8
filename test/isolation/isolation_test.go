// Package isolation holds companies against each other on real servers: three are
// onboarded by the operator and served by the real app, and each tries, by every
// role, Secret, session and ServiceAccount that it has, what belongs to another
// company or to the platform. Every attempt is one cell of a matrix; a cell is good
// when the attempt is refused by whoever should refuse it, and for that reason.
// What the attempts aim at is read from the servers, and what has no row in
// surfaces_test.go fails the test. Packets between real pods are tried in test/e2e.
package isolation

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/rig"
)

func TestMain(m *testing.M) { rig.Main(m) }

// leastCells is the size below which the matrix must not shrink.
const leastCells = 4000

// matrix counts cells by kind and fails the test for each that is crossed.
type matrix struct {
	t     *testing.T
	cells map[string]int
}

// refused is one cell: err is what came of the attempt, and by says whether it was
// refused by the boundary rather than by chance.
func (m *matrix) refused(kind, attempt string, err error, by func(error) bool) {
	m.t.Helper()
	m.cells[kind]++
	switch {
	case err == nil:
		m.t.Errorf("crossed: %s: %s", kind, attempt)
	case !by(err):
		m.t.Errorf("%s: %s failed for a cause that is no boundary: %v", kind, attempt, err)
	}
}

// works is the counterpart of a cell: what a company does with its own must work,
// or its refusals elsewhere say nothing.
func (m *matrix) works(kind, attempt string, err error) {
	m.t.Helper()
	if err != nil {
		m.t.Errorf("%s: %s does not work: %v", kind, attempt, err)
	}
}

// tenant is one of the companies.
type tenant struct {
	name, namespace, id, schema, bucket string

	app, migrate contract.Database
	files        contract.Bucket
	office       *rig.App
}

// world is three companies on one installation.
type world struct {
	*matrix
	rig     *rig.Rig
	tenants []*tenant
}

func TestIsolation(t *testing.T) {
	r := rig.New(t)
	r.Operate()
	w := &world{matrix: &matrix{t, map[string]int{}}, rig: r}
	names := []string{"acme", "globex", "initech"}
	for _, name := range names {
		r.Create(rig.Company(name))
	}
	program := rig.BuildApp(t)
	for _, name := range names {
		w.tenants = append(w.tenants, w.open(program, r.Ready(name)))
	}
	w.surfaces()
	w.statements()
	w.objects()
	w.sessions()
	w.rights()

	total := 0
	for _, kind := range slices.Sorted(maps.Keys(w.cells)) {
		t.Logf("%-12s %5d cells", kind, w.cells[kind])
		total += w.cells[kind]
	}
	t.Logf("%-12s %5d cells", "all", total)
	if total < leastCells {
		t.Errorf("%d cells, want at least %d", total, leastCells)
	}
}

// open reads what the operator made for a company and starts its app.
func (w *world) open(program string, of *v1alpha1.Tenant) *tenant {
	w.t.Helper()
	o := &tenant{
		name: of.Name, namespace: of.Status.Namespace, id: of.Status.ID, schema: of.Status.Schema, bucket: of.Status.Bucket,
		app:     rig.File[contract.Database](w.t, w.rig, of.Status.Namespace, v1alpha1.SecretOfficeDatabase, contract.FileDatabase),
		migrate: rig.File[contract.Database](w.t, w.rig, of.Status.Namespace, v1alpha1.SecretOfficeMigrate, contract.FileDatabase),
		files:   rig.File[contract.Bucket](w.t, w.rig, of.Status.Namespace, v1alpha1.SecretOfficeBucket, contract.FileBucket),
	}
	o.office = w.rig.Serve(program, o.name)
	return o
}

// others of a company.
func (w *world) others(of *tenant) []*tenant {
	return slices.DeleteFunc(slices.Clone(w.tenants), func(o *tenant) bool { return o == of })
}

// short cuts a statement for a message.
func short(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	return text[:min(len(text), 90)]
}
