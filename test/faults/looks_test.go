package faults

import (
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/minio/minio-go/v7"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/postgres"
	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/rig"
)

// schema that the registry says a company has.
func (c *copied) schema(company string) (schema string) {
	c.AsSuperuser(func(conn *pgx.Conn) {
		rig.Check(c.t, conn.QueryRow(c.t.Context(), `SELECT schema FROM atrium.tenants WHERE id = $1`, c.ids[company]).Scan(&schema))
	})
	return schema
}

func (c *copied) write(company string, do func(conn *pgx.Conn, schema string)) {
	schema := c.schema(company)
	c.AsSuperuser(func(conn *pgx.Conn) { do(conn, schema) })
}

// hire adds a person to a company, ruin leaves somebody else alone and takes its file.
func (c *copied) hire(company, name string) {
	c.write(company, func(conn *pgx.Conn, schema string) {
		_, err := conn.Exec(c.t.Context(), `INSERT INTO `+schema+`.people VALUES ($1)`, "王芳 "+name)
		rig.Check(c.t, err)
	})
	c.PutObject(c.Installation + "-" + c.ids[company])
}

func (c *copied) ruin(company, name string) {
	c.write(company, func(conn *pgx.Conn, schema string) {
		_, err := conn.Exec(c.t.Context(), `UPDATE `+schema+`.people SET name = $1`, "nobody "+name)
		rig.Check(c.t, err)
	})
	rig.Check(c.t, c.Root().RemoveObject(c.t.Context(), c.Installation+"-"+c.ids[company], "a/b", minio.RemoveObjectOptions{}))
}

// served are the people whom a company's app finds, where nothing names a schema.
func (c *copied) served(company string) (names []string) {
	c.t.Helper()
	d := rig.File[contract.Database](c.t, c.Rig, "tenant-"+company, v1alpha1.SecretOfficeDatabase, contract.FileDatabase)
	conn := rig.Connect(c.t, d)
	defer func() { _ = conn.Close(c.t.Context()) }()
	var schema string
	rig.Check(c.t, conn.QueryRow(c.t.Context(), `SELECT current_schema()`).Scan(&schema))
	if registered := c.schema(company); schema != registered || d.Schema != registered {
		c.t.Errorf("%s: its app finds %s and is told %s, and the registry says %s", company, schema, d.Schema, registered)
	}
	return people(c.t, conn, schema)
}

// are looks at what companies have after a part of a round: whom they serve, how many
// schemas they have, and that nobody works on them.
func (c *copied) are(what string, schemas int, want map[string][]string) {
	c.t.Helper()
	for _, company := range firms {
		if got := c.served(company); !slices.Equal(got, want[company]) {
			c.t.Errorf("%s is %s and has %v, want %v", company, what, got, want[company])
		}
		id := c.ids[company]
		c.AsSuperuser(func(conn *pgx.Conn) {
			var hold, holder string
			var open bool
			var n int
			rig.Check(c.t, conn.QueryRow(c.t.Context(), `SELECT hold, backup, (SELECT rolcanlogin FROM pg_roles WHERE rolname = $2),
				(SELECT count(*) FROM pg_namespace WHERE starts_with(nspname, 't_'||$1||'_')) FROM atrium.tenants WHERE id = $1`,
				id, postgres.NamesOf(id, 1).Backup).Scan(&hold, &holder, &open, &n))
			if hold+holder != "" || open || n != schemas {
				c.t.Errorf("%s is %s: held by %q, backed up by %q, its reader's login open: %v, %d schemas, want %d", company, what, hold, holder, open, n, schemas)
			}
		})
	}
	c.whole()
}

// leaves compares all that there is with what there was before the first round.
func (c *copied) leaves(round string) {
	c.t.Helper()
	for _, company := range firms { // a day later
		for _, label := range []string{v1alpha1.LabelBackup, v1alpha1.LabelRestore} {
			for _, kind := range []client.Object{&batchv1.Job{}, &corev1.Pod{}} {
				rig.Check(c.t, c.Client.DeleteAllOf(c.t.Context(), kind, client.InNamespace("tenant-"+company), client.HasLabels{label},
					client.PropagationPolicy(metav1.DeletePropagationBackground), client.GracePeriodSeconds(0)))
			}
		}
	}
	c.Rests(0)
	now := c.facts()
	for _, company := range firms {
		for _, d := range now[company].Differ(c.start[company], nil) {
			if c.late && given.MatchString(d) {
				continue // until the next backup begins
			}
			c.t.Errorf("%s left %s: %s", round, company, d)
		}
	}
	c.late = false
}

// given is what an agent is given.
var given = regexp.MustCompile(`^too much: (Secret|ConfigMap|NetworkPolicy) tenant-<name>/(backup|restore)-`)

// further is the number of a company's schema.
var further = regexp.MustCompile(`t_<id>_\d+`)

// changing are paths of facts that a round changes: the latest backup and drill are told
// of, the file went and came back, and the row and what migrated it tell of a restore.
var changing = []string{"Tenant /<name>.status.backup.", ".object.a/b", "registry row.data_epoch", "settings.json.dataEpoch", "registry row.target", "Job tenant-<name>/migrate-"}

// facts are those that a round leaves as they were, but for the schema's number.
func (c *copied) facts() map[string]rig.Facts {
	all, orphans := c.Census(c.ids)
	if len(orphans) > 0 {
		c.t.Errorf("orphans %v", orphans)
	}
	for company, facts := range all {
		all[company] = rig.Facts{}
		for path, value := range facts {
			if !slices.ContainsFunc(changing, func(part string) bool { return strings.Contains(path, part) }) {
				all[company][further.ReplaceAllString(path, "t_<id>_n")] = further.ReplaceAllString(value, "t_<id>_n")
			}
		}
	}
	return all
}
