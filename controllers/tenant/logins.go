package tenant

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/postgres"
	"atrium.dev/atrium/internal/registry"
	"atrium.dev/atrium/tenant-app/contract"
)

// migrateConns is how many connections one migration uses.
const migrateConns = 2

// appConns is one replica's share of the plan's connections, one more replica
// counted in for rollouts.
func (s *scope) appConns() int {
	return max(1, int(s.plan.Spec.Database.Connections/(s.plan.Spec.Replicas+1)))
}

// logins makes the database's Secrets, and the logins' passwords those that stand in
// them. It also records that the bucket exists.
func (r *Reconciler) logins(ctx context.Context, s *scope, secrets map[string]*corev1.Secret) error {
	names := s.names()
	app, err := r.databaseSecret(ctx, s, secrets, names.Login(s.row.Login), false)
	if err != nil {
		return err
	}
	migrate, err := r.databaseSecret(ctx, s, secrets, names.Migrate, false)
	if err != nil {
		return err
	}
	appSum, migrateSum := sha256.Sum256([]byte(app)), sha256.Sum256([]byte(migrate))
	if s.row.BucketMade && bytes.Equal(s.row.AppDigest, appSum[:]) && bytes.Equal(s.row.MigrateDigest, migrateSum[:]) {
		return nil
	}
	return r.Registry.Locked(ctx, s.database, s.id, func(tx tx, row *registry.Row) error {
		if !bytes.Equal(row.AppDigest, appSum[:]) {
			if err := postgres.SetPassword(ctx, tx, names.Login(s.row.Login), app); err != nil {
				return err
			}
			if len(row.AppDigest) == 0 {
				row.Rotation = s.rotation() // what is new needs no rotation
			}
			row.LoginSince = r.Now().Truncate(time.Second)
		}
		if !bytes.Equal(row.MigrateDigest, migrateSum[:]) {
			if err := postgres.SetPassword(ctx, tx, names.Migrate, migrate); err != nil {
				return err
			}
		}
		row.AppDigest, row.MigrateDigest, row.BucketMade = appSum[:], migrateSum[:], true
		s.row = *row
		return nil
	})
}

// databaseSecret makes database.json for a login and returns its password: the one
// that stands there for this login, unless a new one is asked for.
func (r *Reconciler) databaseSecret(ctx context.Context, s *scope, secrets map[string]*corev1.Secret, login string, renew bool) (string, error) {
	name, role, conns := v1alpha1.SecretOfficeDatabase, "", s.appConns()
	if login == s.names().Migrate {
		name, role, conns = v1alpha1.SecretOfficeMigrate, s.names().Owner, migrateConns
	}
	var now contract.Database
	read(secrets[name], contract.FileDatabase, &now)
	password := now.Password
	if renew || password == "" || now.User != login {
		var err error
		if password, err = randomText(r.Random); err != nil {
			return "", err
		}
	}
	server := s.databaseServer.Spec
	raw, err := json.Marshal(contract.Database{
		Host: server.Host, Port: int(server.Port), Name: server.Database, User: login, Password: password,
		Schema: s.names().Schema, Role: role, SSLMode: server.SSLMode, CABundle: server.CABundle, MaxConns: conns,
	})
	if err != nil {
		return "", fmt.Errorf("write %s of Secret %s: %w", contract.FileDatabase, name, err)
	}
	want := &corev1.Secret{ObjectMeta: s.meta(name), Data: map[string][]byte{contract.FileDatabase: raw}}
	return password, r.applySecret(ctx, s, secrets[name], want)
}
