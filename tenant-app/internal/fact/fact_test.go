package fact_test

import (
	"fmt"
	"testing"
	"time"

	"atrium.dev/atrium/tenant-app/internal/fact"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store/storetest"
)

// A fact names the department as it was then: people move.
func TestAFactNamesTheDepartmentOfItsTime(t *testing.T) {
	db := storetest.Open(t)
	who, sales, rd := kernel.NewID(), kernel.NewID(), kernel.NewID()
	exec := func(statement string, args ...any) {
		t.Helper()
		if _, err := db.Q(t.Context()).NewRaw(statement, args...).Exec(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	exec("INSERT INTO person (id, name, sort, sort_key, search, created_at, updated_at) VALUES (?, '张伟', 1, '', '', now(), now())", who)
	exec("INSERT INTO department (id, name, sort, created_at, updated_at) VALUES (?, '销售', 1, now(), now()), (?, '研发', 2, now(), now())", sales, rd)
	exec("INSERT INTO membership (id, person_id, department_id, is_primary, valid_from) VALUES (?, ?, ?, true, now() - interval '1 day')", kernel.NewID(), who, sales)
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	facts := fact.New(db, func() time.Time { return now })
	record := func(f fact.Fact) {
		t.Helper()
		if err := facts.Record(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	object := kernel.NewID()
	record(fact.Fact{Kind: "approval", Who: who, Object: object, To: "waiting"})
	exec("UPDATE membership SET valid_to = now()")
	exec("INSERT INTO membership (id, person_id, department_id, is_primary, valid_from) VALUES (?, ?, ?, true, now())", kernel.NewID(), who, rd)
	record(fact.Fact{Kind: "approval", Who: who, Object: object, From: "waiting", To: "passed", At: now.Add(time.Hour)})
	record(fact.Fact{Kind: "task", Who: kernel.NewID(), Object: object, At: now.Add(2 * time.Hour)})
	var got []string
	err := db.Q(t.Context()).NewRaw(`SELECT concat_ws(' ', f.kind, coalesce(d.name, 'nowhere'), from_state, to_state, extract(hour FROM at))
		FROM fact AS f LEFT JOIN department AS d ON d.id = f.department_id ORDER BY at`).Scan(t.Context(), &got)
	if want := "[approval 销售  waiting 9 approval 研发 waiting passed 10 task nowhere   11]"; err != nil || fmt.Sprint(got) != want {
		t.Errorf("facts are %v (%v), want %s", got, err, want)
	}
}
