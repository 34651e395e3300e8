package restore

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/agentjob"
	"atrium.dev/atrium/controllers/tenant"
	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/tenant-app/contract"
)

// proveEnds is the deadline of the Job that serves what came back.
const proveEnds = 10 * time.Minute

// proving serves the app of the backup's release on what came back, in a pod that
// reaches the database and the bucket alone and calls nobody, and lets the agent ask it.
// Then all of it goes.
func (r *Reconciler) proving(ctx context.Context, s *scope) error {
	job, err := r.attempt(ctx, s, "p")
	if err != nil {
		return err
	}
	if job == nil {
		return r.prove(ctx, s)
	}
	if !agentjob.Ended(job) {
		trouble, err := r.Agent.Trouble(ctx, job)
		if err != nil {
			return err
		}
		return s.running("release "+s.release.Spec.Version+" is served on what came back", trouble)
	}
	if !agentjob.Succeeded(job) {
		return r.failed(ctx, s, job)
	}
	if err := r.shut(ctx, s); err != nil {
		return err
	}
	status, at := &s.restore.Status, metav1.NewTime(r.Now()).Rfc3339Copy()
	status.Proof = &v1alpha1.RestoreProof{At: at, RecoverySeconds: int64(at.Sub(status.Started.Time).Seconds())}
	r.succeed(s, fmt.Sprintf("backup %s of %s is proven: its rows and objects were compared, and release %s answered on them; nothing of that is left",
		s.restore.Spec.Backup, status.Moment.UTC().Format(inWords), s.release.Spec.Version))
	return nil
}

func (r *Reconciler) prove(ctx context.Context, s *scope) error {
	var plan v1alpha1.Plan
	if err := r.Client.Get(ctx, client.ObjectKey{Name: s.tenant.Spec.Plan}, &plan); err != nil {
		return fmt.Errorf("read Plan %s: %w", s.tenant.Spec.Plan, err)
	}
	files, err := r.proofFiles(ctx, s)
	if err != nil {
		return err
	}
	w := s.work()
	for _, object := range []client.Object{
		&corev1.ConfigMap{ObjectMeta: w.Meta(w.Name), Data: map[string]string{contract.FileSettings: string(files[contract.FileSettings])}},
		&corev1.Secret{ObjectMeta: w.Meta(w.Name), Type: corev1.SecretTypeOpaque, Data: map[string][]byte{
			contract.FileDatabase: files[contract.FileDatabase], backup.ProofFile: files[backup.ProofFile],
		}},
	} {
		if err := r.Agent.Apply(ctx, object); err != nil {
			return err
		}
	}
	office := tenant.Pod{Labels: w.Labels(), Release: s.release, Plan: &plan, Settings: w.Name, Database: w.Name}.
		Run(corev1.Container{Name: v1alpha1.OfficeName, Args: []string{contract.CommandServe}})
	if err := r.Agent.Create(ctx, w.Job(s.job("p"), proveEnds, r.Agent.Beside(w, office, backup.CommandProve))); err != nil {
		return err
	}
	return s.running("release "+s.release.Spec.Version+" is served on what came back", "")
}

// proofFiles are the company's own settings and the app's login, changed so that the app
// works on what came back and calls nobody, and what the agent is to ask it.
func (r *Reconciler) proofFiles(ctx context.Context, s *scope) (map[string][]byte, error) {
	var settings contract.Settings
	var database contract.Database
	var live corev1.ConfigMap
	var secret corev1.Secret
	namespace := s.work().Namespace
	if err := r.Live.Get(ctx, client.ObjectKey{Namespace: namespace, Name: v1alpha1.OfficeName}, &live); err != nil {
		return nil, fmt.Errorf("read the settings of Tenant %s: %w", s.tenant.Name, err)
	}
	if err := r.Live.Get(ctx, client.ObjectKey{Namespace: namespace, Name: v1alpha1.SecretOfficeDatabase}, &secret); err != nil {
		return nil, fmt.Errorf("read the login of Tenant %s: %w", s.tenant.Name, err)
	}
	if json.Unmarshal([]byte(live.Data[contract.FileSettings]), &settings) != nil || json.Unmarshal(secret.Data[contract.FileDatabase], &database) != nil {
		return nil, fmt.Errorf("read the settings and the login of Tenant %s: they are no JSON", s.tenant.Name)
	}
	settings.Release, settings.Outbound, settings.Peers, settings.DataEpoch = s.release.Spec.Version, false, nil, r.Now().Unix()
	database.Schema, database.MaxConns = s.restore.Status.Schema, conns
	at, err := url.Parse(settings.URL)
	if err != nil {
		return nil, fmt.Errorf("read the address of Tenant %s: %w", s.tenant.Name, err)
	}
	files := map[string][]byte{}
	for name, value := range map[string]any{
		contract.FileSettings: settings, contract.FileDatabase: database, backup.ProofFile: backup.Proof{
			Office: fmt.Sprintf("http://127.0.0.1:%d", contract.PortHTTP), Ops: fmt.Sprintf("http://127.0.0.1:%d", contract.PortOps),
			Host: at.Host, Origin: settings.URL, Release: s.release.Spec.Version, SchemaVersion: int(s.release.Spec.SchemaVersion),
		},
	} {
		if files[name], err = json.Marshal(value); err != nil {
			return nil, fmt.Errorf("write %s: %w", name, err)
		}
	}
	return files, nil
}
