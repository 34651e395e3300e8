// Package storetest gives tests a migrated schema on a real PostgreSQL, reached as
// in production: the owner's role has the tables, a login of its own uses them.
package storetest

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/store"
	"atrium.dev/atrium/test/env"
	"github.com/jackc/pgx/v5"
)

var number atomic.Int64

// Tenant is a company's place in the database.
type Tenant struct {
	App     contract.Database // what serve gets
	Migrate contract.Database // what migrate gets
	Admin   env.Database      // may do anything in this database
}

// New makes an empty schema with its roles on a fresh database.
func New(t testing.TB) Tenant {
	t.Helper()
	return In(t, env.Postgres(t))
}

// In makes a further empty schema with its roles in an existing database.
func In(t testing.TB, admin env.Database) Tenant {
	t.Helper()
	id := fmt.Sprintf("t_test%d", number.Add(1))
	secret := strings.ToLower(rand.Text())
	conn, err := pgx.Connect(t.Context(), admin.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	script := strings.NewReplacer("{id}", id, "{secret}", secret, "{db}", admin.Name, "{admin}", admin.User).Replace(roles)
	if _, err := conn.Exec(t.Context(), script, pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatalf("make roles: %v", err)
	}
	app := contract.Database{
		Host: admin.Host, Port: admin.Port, Name: admin.Name, User: id + "_app_a", Password: secret,
		Schema: id + "_1", SSLMode: "disable", MaxConns: 8,
	}
	migrate := app
	migrate.User, migrate.Role = id+"_migrate", id+"_owner"
	return Tenant{App: app, Migrate: migrate, Admin: admin}
}

// Open makes a company's schema, migrates it and opens it as the app does.
func Open(t testing.TB) *store.DB {
	t.Helper()
	return OpenTenant(t, New(t))
}

// OpenTenant migrates a company's schema and opens it as the app does.
func OpenTenant(t testing.TB, tenant Tenant) *store.DB {
	t.Helper()
	if _, _, err := store.MigrateUp(t.Context(), tenant.Migrate, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), tenant.App)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// roles is what the operator makes for a tenant.
const roles = `
CREATE ROLE {id}_owner NOLOGIN;
CREATE ROLE {id}_app NOLOGIN;
CREATE ROLE {id}_app_a LOGIN PASSWORD '{secret}' IN ROLE {id}_app;
CREATE ROLE {id}_app_b LOGIN PASSWORD '{secret}' IN ROLE {id}_app;
CREATE ROLE {id}_migrate LOGIN PASSWORD '{secret}' NOINHERIT IN ROLE {id}_owner;
GRANT {id}_owner TO {admin};
CREATE SCHEMA {id}_1;
GRANT CREATE, USAGE ON SCHEMA {id}_1 TO {id}_owner;
GRANT USAGE ON SCHEMA {id}_1 TO {id}_app;
ALTER DEFAULT PRIVILEGES FOR ROLE {id}_owner IN SCHEMA {id}_1 GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {id}_app;
ALTER DEFAULT PRIVILEGES FOR ROLE {id}_owner IN SCHEMA {id}_1 GRANT USAGE, SELECT ON SEQUENCES TO {id}_app;
`
