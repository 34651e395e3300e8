package tenant

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/postgres"
	"atrium.dev/atrium/internal/registry"
	"atrium.dev/atrium/tenant-app/contract"
)

// migrateConns is how many connections one migration uses.
const migrateConns = 2

type firstAdmin struct{ token string }

// digest is what the app may know of the token.
func (f firstAdmin) digest() string {
	sum := sha256.Sum256([]byte(f.token))
	return hex.EncodeToString(sum[:])
}

// credentials makes the Secrets and settings that the app reads, and gives the
// database's logins the passwords that stand in them. Secrets come first: a
// password that nobody wrote down would lock the app out.
func (r *Reconciler) credentials(ctx context.Context, s *scope) error {
	secrets, err := r.secrets(ctx, s)
	if err != nil {
		return err
	}
	names := s.names()
	app, err := r.databaseSecret(ctx, s, secrets, v1alpha1.SecretOfficeDatabase, names.LoginA, "", s.appConns())
	if err != nil {
		return err
	}
	migrate, err := r.databaseSecret(ctx, s, secrets, v1alpha1.SecretOfficeMigrate, names.Migrate, names.Owner, migrateConns)
	if err != nil {
		return err
	}
	if err := r.bucketSecret(ctx, s, secrets); err != nil {
		return err
	}
	if err := r.firstAdminSecret(ctx, s, secrets); err != nil {
		return err
	}
	if err := r.settings(ctx, s); err != nil {
		return err
	}
	if err := r.passwords(ctx, s, app, migrate); err != nil {
		return err
	}
	r.remember(s)
	return nil
}

// appConns is one replica's share of the plan's connections, one more replica
// counted in for rollouts.
func (s *scope) appConns() int {
	return max(1, int(s.plan.Spec.Database.Connections/(s.plan.Spec.Replicas+1)))
}

// secrets of the tenant's namespace by name, read at the API server: no Secret is
// kept in memory.
func (r *Reconciler) secrets(ctx context.Context, s *scope) (map[string]*corev1.Secret, error) {
	byName := map[string]*corev1.Secret{}
	if s.boundNow {
		return byName, nil
	}
	var list corev1.SecretList
	if err := r.Live.List(ctx, &list, client.InNamespace(s.namespace), client.MatchingLabels{v1alpha1.LabelTenantID: s.id}); err != nil {
		return nil, fmt.Errorf("read the Secrets of namespace %s: %w", s.namespace, err)
	}
	for i := range list.Items {
		byName[list.Items[i].Name] = &list.Items[i]
	}
	return byName, nil
}

// applySecret writes a Secret unless it is so already.
func (r *Reconciler) applySecret(ctx context.Context, s *scope, live *corev1.Secret, want *corev1.Secret) error {
	if live == nil {
		live = &corev1.Secret{}
	}
	want.Type = corev1.SecretTypeOpaque
	return r.apply(ctx, s, want, live)
}

// databaseSecret makes database.json for a login and returns its password.
func (r *Reconciler) databaseSecret(ctx context.Context, s *scope, secrets map[string]*corev1.Secret, name, login, role string, conns int) (string, error) {
	var now contract.Database
	read(secrets[name], contract.FileDatabase, &now)
	password := now.Password
	if password == "" {
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

// firstAdminSecret makes the one-time link of the first administrator. The app gets
// only the token's digest.
func (r *Reconciler) firstAdminSecret(ctx context.Context, s *scope, secrets map[string]*corev1.Secret) error {
	live := secrets[v1alpha1.SecretFirstAdmin]
	if live != nil {
		s.first.token = string(live.Data[v1alpha1.FirstAdminToken])
	}
	if s.first.token == "" {
		var err error
		if s.first.token, err = randomText(r.Random); err != nil {
			return err
		}
	}
	link := s.url + contract.PathFirstAdmin + "?token=" + s.first.token
	want := &corev1.Secret{ObjectMeta: s.meta(v1alpha1.SecretFirstAdmin), Data: map[string][]byte{
		v1alpha1.FirstAdminToken: []byte(s.first.token),
		v1alpha1.FirstAdminURL:   []byte(link),
	}}
	return r.applySecret(ctx, s, live, want)
}

// settings makes settings.json, which holds no secret.
func (r *Reconciler) settings(ctx context.Context, s *scope) error {
	spec := s.tenant.Spec
	value := contract.Settings{
		TenantID: s.id, DisplayName: spec.DisplayName, URL: s.url, Release: s.release.Spec.Version,
		Locale: spec.Locale, Timezone: spec.Timezone, Outbound: true, DataEpoch: 1,
		FirstAdminTokenSHA256: s.first.digest(),
	}
	if c := spec.AdminContact; c != nil {
		value.AdminContact = contract.Contact{Name: c.Name, Phone: c.Phone, Mail: c.Mail}
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("write %s: %w", contract.FileSettings, err)
	}
	return r.apply(ctx, s, &corev1.ConfigMap{
		ObjectMeta: s.meta(v1alpha1.OfficeName), Data: map[string]string{contract.FileSettings: string(raw)},
	}, nil)
}

// passwords makes the logins' passwords those of the Secrets, and records that the
// bucket exists.
func (r *Reconciler) passwords(ctx context.Context, s *scope, app, migrate string) error {
	appSum, migrateSum := sha256.Sum256([]byte(app)), sha256.Sum256([]byte(migrate))
	if s.row.BucketMade && bytes.Equal(s.row.AppDigest, appSum[:]) && bytes.Equal(s.row.MigrateDigest, migrateSum[:]) {
		return nil
	}
	return r.Registry.Locked(ctx, s.database, s.id, func(tx tx, row *registry.Row) error {
		names := s.names()
		if !bytes.Equal(row.AppDigest, appSum[:]) {
			if err := postgres.SetPassword(ctx, tx, names.LoginA, app); err != nil {
				return err
			}
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

// read parses a file of a Secret; what is absent or broken is made anew.
func read(secret *corev1.Secret, file string, into any) {
	if secret != nil {
		_ = json.Unmarshal(secret.Data[file], into)
	}
}

// randomText is 32 random bytes as base64url.
func randomText(random io.Reader) (string, error) {
	raw := make([]byte, 32)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", fmt.Errorf("make a secret: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(raw), nil
}
