package directory

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
	"atrium.dev/atrium/tenant-app/internal/store/storetest"
	"github.com/uptrace/bun"
)

// queries keeps the text of what is sent to the database.
type queries struct{ sent []string }

func (*queries) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context { return ctx }

func (q *queries) AfterQuery(_ context.Context, event *bun.QueryEvent) {
	q.sent = append(q.sent, event.Query)
}

var scanOf = regexp.MustCompile(`Seq Scan on (\w+)`)

// With a company of thousands, lists and searches never read all persons or all
// memberships.
func TestListsUseIndexes(t *testing.T) {
	tenant := storetest.New(t)
	f := startIn(t, tenant)
	rows := many(5_000)
	if got := f.bring(rows, true, true); strings.Contains(got, "failed") {
		t.Fatal(got)
	}
	db := f.db.Q(t.Context()).(*bun.DB)
	tree, err := f.Tree(t.Context())
	f.must(err)
	group, branch := tree.Departments[1].ID, tree.Departments[0].ID
	people, err := f.List(t.Context(), Filter{Query: "E04321"}, kernel.PageQuery{})
	f.must(err)
	if len(people.Items) != 1 {
		t.Fatalf("%d people have that staff number", len(people.Items))
	}
	page, err := f.List(t.Context(), Filter{}, kernel.PageQuery{Limit: 50})
	f.must(err)
	// Only a table's owner may analyze it; in production autovacuum does.
	owner, err := store.Open(t.Context(), tenant.Migrate)
	f.must(err)
	defer func() { f.must(owner.Close()) }()
	f.must(owner.InTx(t.Context(), func(ctx context.Context) error {
		for _, statement := range []string{"SET LOCAL ROLE " + tenant.Migrate.Role, "ANALYZE"} {
			if _, err := owner.Q(ctx).ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	}))
	accounts := NewPeople(f.db, f.now.read)
	sent := &queries{}
	db.AddQueryHook(sent) //nolint:staticcheck // WithQueryHook hooks a copy, this is about the app's own
	for name, ask := range map[string]func() error{
		"first page": func() error { _, err := f.List(t.Context(), Filter{}, kernel.PageQuery{}); return err },
		"next page":  func() error { _, err := f.List(t.Context(), Filter{}, kernel.PageQuery{Cursor: page.Next}); return err },
		"department": func() error { _, err := f.List(t.Context(), Filter{Department: group}, kernel.PageQuery{}); return err },
		"department, below": func() error {
			_, err := f.List(t.Context(), Filter{Department: branch, Below: true}, kernel.PageQuery{})
			return err
		},
		"name":         func() error { _, err := f.List(t.Context(), Filter{Query: "单晓"}, kernel.PageQuery{}); return err },
		"staff number": func() error { _, err := f.List(t.Context(), Filter{Query: "E04321"}, kernel.PageQuery{}); return err },
		"phone": func() error {
			_, err := f.List(t.Context(), Filter{Query: "13900004321"}, kernel.PageQuery{})
			return err
		},
		"person": func() error { _, err := f.Get(t.Context(), people.Items[0].ID); return err },
		"sign-in": func() error {
			_, err := accounts.PersonByIdentifier(t.Context(), kernel.Identifiers{Phone: "+8613900004321", StaffNo: "e04321", Mail: "p4321@acme.example"})
			return err
		},
	} {
		sent.sent = nil
		f.must(ask())
		for _, query := range sent.sent {
			var plan []string
			f.must(db.NewRaw("EXPLAIN ?", bun.Safe(query)).Scan(context.WithoutCancel(t.Context()), &plan))
			for _, scan := range scanOf.FindAllStringSubmatch(strings.Join(plan, "\n"), -1) {
				// For half the company, reading the persons at once is the best there is.
				branch := name == "department, below" && scan[1] == "person"
				if (scan[1] == "person" || scan[1] == "membership") && !branch {
					t.Errorf("%s reads all of %s:\n%s\n%s", name, scan[1], query, strings.Join(plan, "\n"))
				}
			}
		}
	}
}

// An import writes batches: a statement a row would outlast the gateway's patience.
func TestImportTakesFewStatements(t *testing.T) {
	f := start(t)
	sent := &queries{}
	f.db.Q(t.Context()).(*bun.DB).AddQueryHook(sent) //nolint:staticcheck // WithQueryHook hooks a copy, this is about the app's own
	rows := many(2 * batch)
	for i := range rows {
		rows[i].Departments, rows[i].Positions = "研发中心", "工程师"
	}
	for round, want := range []string{"created", "updated"} {
		sent.sent = nil
		report, err := f.Import(t.Context(), rows, true, true)
		f.must(err)
		if got := string(report.Rows[7].Outcome); got != want || len(sent.sent) > 20 {
			t.Errorf("round %d: rows are %s, want %s; %d statements", round, got, want, len(sent.sent))
		}
		for i := range rows {
			rows[i].Positions = "专家"
		}
	}
}
