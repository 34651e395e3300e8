package controllers_test

import (
	"encoding/json"
	"testing"

	"github.com/jackc/pgx/v5"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/env"
)

func (r *rig) asSuperuser(do func(*pgx.Conn)) {
	r.t.Helper()
	conn, err := pgx.Connect(r.t.Context(), env.PostgresServer(r.t).SuperuserDSN(r.database.Name))
	check(r.t, err)
	defer func() { check(r.t, conn.Close(r.t.Context())) }()
	do(conn)
}

// file reads a settings file as the app would.
func file[T any](t *testing.T, r *rig, namespace, secretName, name string) (value T) {
	t.Helper()
	var s corev1.Secret
	check(t, r.client.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: secretName}, &s))
	check(t, json.Unmarshal(s.Data[name], &value))
	return value
}

func connect(t *testing.T, d contract.Database) *pgx.Conn {
	t.Helper()
	config, err := pgx.ParseConfig("sslmode=disable")
	check(t, err)
	config.Host, config.Port, config.Database, config.User, config.Password = d.Host, uint16(d.Port), d.Name, d.User, d.Password
	conn, err := pgx.ConnectConfig(t.Context(), config)
	check(t, err)
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	return conn
}
