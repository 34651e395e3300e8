package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/jackc/pgx/v5"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/agentjob"
	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/internal/postgres"
)

// recur writes the manifest of an incremental backup of a company that nobody could
// write to since the backup before: it is that one's, of a later moment. No agent runs.
func (r *Reconciler) recur(ctx context.Context, s *scope, all []v1alpha1.TenantBackup) error {
	moment := r.Now().UTC()
	still, err := r.standstill(ctx, s)
	if err != nil {
		return err
	}
	status := &s.backup.Status
	status.Standstill = still
	if still == "" || status.Type == v1alpha1.BackupFull {
		return nil
	}
	for i := range all {
		if all[i].Name == status.Previous && all[i].Status.Standstill != still {
			return nil
		}
	}
	found, err := agentjob.Manifest(ctx, s.files(), status.Previous, s.id(), s.keys.Verifier())
	if err != nil || found == nil || found.Wrong != nil {
		return err // the agent says what is wrong
	}
	m := found.Manifest
	m.Backup, m.Previous, m.Full, m.OperatorVersion = s.backup.Name, status.Previous, false, r.Version
	m.Moment, m.Finished, m.ReadBytes, m.StoredBytes = moment, r.Now().UTC(), 0, 0
	raw, signature, err := m.Sign(s.keys.Signer())
	if err != nil {
		return err
	}
	if err := s.files().Put(ctx, backup.SignatureOf(m.Backup), signature); err != nil {
		return err
	}
	return s.files().Put(ctx, backup.ManifestOf(m.Backup), raw)
}

// standstill tells, by a text of its own for each, the time for which nobody can write to
// a company: it is suspended, its pods are gone and its logins closed. Whoever lets
// somebody in gives the Deployment another generation first. Empty: somebody can write.
func (r *Reconciler) standstill(ctx context.Context, s *scope) (string, error) {
	if !s.tenant.Spec.Suspended {
		return "", nil
	}
	open := true
	n := s.names()
	err := r.lease(ctx, s, func(tx pgx.Tx) (err error) {
		open, err = postgres.LetsIn(ctx, tx, []string{n.LoginA, n.LoginB, n.Migrate})
		return err
	})
	if err != nil || open {
		return "", err
	}
	var pods corev1.PodList
	if err := r.Live.List(ctx, &pods, client.InNamespace(s.namespace)); err != nil {
		return "", fmt.Errorf("list the pods of namespace %s: %w", s.namespace, err)
	}
	for _, pod := range pods.Items {
		if ended := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed; !ended && pod.Labels[v1alpha1.LabelComponent] != v1alpha1.AgentName {
			return "", nil
		}
	}
	var office appsv1.Deployment
	err = r.Live.Get(ctx, client.ObjectKey{Namespace: s.namespace, Name: v1alpha1.OfficeName}, &office)
	if apierrors.IsNotFound(err) || err == nil && (office.Spec.Replicas == nil || *office.Spec.Replicas != 0) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read Deployment %s: %w", v1alpha1.OfficeName, err)
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%v", []any{office.UID, office.Generation, s.row.Schema, s.row.Release, s.row.DataEpoch}))
	return hex.EncodeToString(sum[:8]), nil
}
