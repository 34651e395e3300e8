package tenant

import (
	"context"
	"crypto/sha256"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/postgres"
	"atrium.dev/atrium/internal/registry"
	"atrium.dev/atrium/tenant-app/contract"
)

const (
	// loginsLast is the age at which the app's login is swapped for the other one.
	loginsLast = 30 * 24 * time.Hour
	// loginsOverlap is how long both work: the time in which a changed Secret reaches
	// every pod, many times over.
	loginsOverlap = 10 * time.Minute
	// rotationLength is how much of the annotation counts, in characters.
	rotationLength = 64
)

// rotation is the value of the annotation that asks for new credentials.
func (s *scope) rotation() string {
	asked := []rune(s.tenant.Annotations[v1alpha1.AnnotationRotate])
	return string(asked[:min(len(asked), rotationLength)])
}

// rotationDue says whether the app is to get its other login. The login in use is
// never given another password: pods that do not know it yet would be locked out.
// So a Secret that was lost, or in which a swap was begun, calls for a swap too.
func (r *Reconciler) rotationDue(s *scope, row registry.Row, secrets map[string]*corev1.Secret) bool {
	if len(row.AppDigest) == 0 || row.CloseOther != nil {
		return false // there is none in use, or pods may still use the other
	}
	var app contract.Database
	read(secrets[v1alpha1.SecretOfficeDatabase], contract.FileDatabase, &app)
	asked := s.rotation()
	return app.User != s.names().Login(row.Login) || asked != "" && asked != row.Rotation || !r.Now().Before(row.LoginSince.Add(loginsLast))
}

// rotate swaps the app's logins, and gives migrations another password. All of it
// happens under the row's lock, so that an operator that was followed by another
// writes no Secret. A Secret is written before the password in it works; cut off
// between the two, the app stays with the login that it has, and the next pass
// goes on from the Secret.
func (r *Reconciler) rotate(ctx context.Context, s *scope, secrets map[string]*corev1.Secret) error {
	return r.Registry.Locked(ctx, s.database, s.id, func(tx tx, row *registry.Row) error {
		s.row = *row
		if !r.rotationDue(s, *row, secrets) {
			return nil
		}
		names, letter := s.names(), postgres.OtherLogin(row.Login)
		app, err := r.databaseSecret(ctx, s, secrets, names.Login(letter), false)
		if err != nil {
			return err
		}
		migrate, err := r.databaseSecret(ctx, s, secrets, names.Migrate, true)
		if err != nil {
			return err
		}
		if err := postgres.OpenLogin(ctx, tx, names.Login(letter), app); err != nil {
			return err
		}
		if err := postgres.SetPassword(ctx, tx, names.Migrate, migrate); err != nil {
			return err
		}
		appSum, migrateSum := sha256.Sum256([]byte(app)), sha256.Sum256([]byte(migrate))
		row.AppDigest, row.MigrateDigest = appSum[:], migrateSum[:]
		now := r.Now().Truncate(time.Second)
		until := now.Add(loginsOverlap)
		row.Login, row.LoginSince, row.CloseOther, row.Rotation = letter, now, &until, s.rotation()
		s.row = *row
		return nil
	})
}

// closes says whether the login that was in use before is due to be closed.
func closes(row registry.Row, now time.Time) bool {
	return row.CloseOther != nil && !now.Before(*row.CloseOther)
}

// retireLogin ends the sessions of the login that was in use before. It is closed
// already, so none begins again.
func (r *Reconciler) retireLogin(ctx context.Context, s *scope) error {
	return r.Registry.Locked(ctx, s.database, s.id, func(tx tx, row *registry.Row) error {
		former := s.names().Other(row.Login)
		if err := postgres.EndSessions(ctx, tx, []string{former}); err != nil {
			return err
		}
		if err := postgres.ClearPassword(ctx, tx, former); err != nil {
			return err
		}
		row.CloseOther = nil
		s.row = *row
		return nil
	})
}

// wakeForRotation looks again when the former login is to be closed, or the one in
// use to be swapped.
func (s *scope) wakeForRotation() {
	s.wake(s.row.LoginSince.Add(loginsLast))
	if s.row.CloseOther != nil {
		s.wake(*s.row.CloseOther)
	}
}

// credentialsNow is what the status says of the company's credentials; before is
// what it said.
func (s *scope) credentialsNow(before *v1alpha1.Credentials) *v1alpha1.Credentials {
	if len(s.row.AppDigest) == 0 {
		return before
	}
	since := metav1.NewTime(s.row.LoginSince).Rfc3339Copy()
	now := &v1alpha1.Credentials{DatabaseSince: &since, Rotation: s.row.Rotation}
	if before != nil {
		now.BucketUntil = before.BucketUntil
	}
	if !s.bucketUntil.IsZero() {
		until := metav1.NewTime(s.bucketUntil).Rfc3339Copy()
		now.BucketUntil = &until
	}
	return now
}
