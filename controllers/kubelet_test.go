package controllers_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	program "atrium.dev/atrium/internal/agent"
	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/env"
	"atrium.dev/atrium/test/rig"
)

// kubelet does for real what the pods of restores and backups would: it runs the app's
// program and the agent with what their Jobs are given.
type kubelet struct {
	t      *testing.T
	r      *rig.Rig
	app    string // program
	config program.Config
}

// agentLog lets the agent's words appear with the test's.
type agentLog struct{ t *testing.T }

func (l agentLog) Write(p []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

func newKubelet(t *testing.T, r *rig.Rig) *kubelet {
	t.Helper()
	restic, pgDump := env.AgentPrograms(t)
	return &kubelet{t: t, r: r, app: rig.BuildApp(t), config: program.Config{
		TaskDir: t.TempDir(), Restic: restic, PgDump: pgDump, Now: r.Now.Now, Log: slog.New(slog.NewTextHandler(agentLog{t}, nil)),
	}}
}

// job waits for a Job that is made for a backup or a restore.
func (k *kubelet) job(label, of, name string) *batchv1.Job {
	k.t.Helper()
	var list batchv1.JobList
	var found *batchv1.Job
	k.r.Eventually("Job "+name, func() bool {
		rig.Check(k.t, k.r.Client.List(k.t.Context(), &list, client.MatchingLabels{label: of}))
		for i := range list.Items {
			if list.Items[i].Name == name {
				found = &list.Items[i]
			}
		}
		return found != nil
	}, func() string {
		var tr v1alpha1.TenantRestore
		_ = k.r.Client.Get(k.t.Context(), client.ObjectKey{Name: of}, &tr)
		return fmt.Sprintf("%+v", tr.Status)
	})
	return found
}

// agent runs the agent of a Job in this process, and ends the Job as it ended.
func (k *kubelet) agent(job *batchv1.Job, command string) (code int) {
	k.t.Helper()
	pod := job.Spec.Template.Spec
	if args := pod.Containers[0].Args; len(args) != 1 || args[0] != command {
		k.t.Errorf("the agent of %s is told %v, want %s", job.Name, args, command)
	}
	task := rig.File[json.RawMessage](k.t, k.r, job.Namespace, pod.Volumes[0].Secret.SecretName, backup.TaskFile)
	rig.Check(k.t, os.WriteFile(filepath.Join(k.config.TaskDir, backup.TaskFile), task, 0o600))
	outcome, code := program.Run(k.t.Context(), k.config, command)
	said, err := json.Marshal(outcome)
	rig.Check(k.t, err)
	k.r.Hands.EndJob(k.t, job, int32(code), string(said)) //nolint:gosec // an exit code
	return code
}

// migrate runs a restore's migration.
func (k *kubelet) migrate(company, restore string, attempt int) {
	k.t.Helper()
	job := k.job(v1alpha1.LabelRestore, restore, fmt.Sprintf("restore-%s-m%d", restore, attempt))
	rig.Check(k.t, k.r.RunApp(k.app, company, mounts(job), job.Spec.Template.Spec.Containers[0].Args...))
	k.r.Hands.EndJob(k.t, job, 0, "")
}

// mounts are those of a Job's pod of the app.
func mounts(job *batchv1.Job) (m rig.Mounts) {
	for _, source := range job.Spec.Template.Spec.Volumes[0].Projected.Sources {
		if source.ConfigMap != nil {
			m.Settings = source.ConfigMap.Name
		} else if source.Secret.Items[0].Key == contract.FileDatabase {
			m.Database = source.Secret.Name
		}
	}
	return m
}

// prove serves the app of a drill for real, and lets the agent ask it at the ports that
// it has here.
func (k *kubelet) prove(company, restore string) (code int) {
	k.t.Helper()
	job := k.job(v1alpha1.LabelRestore, restore, "restore-"+restore+"-p1")
	pod := job.Spec.Template.Spec
	if len(pod.InitContainers) != 1 || pod.InitContainers[0].Args[0] != contract.CommandServe || *pod.InitContainers[0].RestartPolicy != "Always" ||
		len(pod.Containers) != 1 || pod.Containers[0].Args[0] != backup.CommandProve {
		k.t.Errorf("the pod %+v", pod)
	}
	proof := rig.File[backup.Proof](k.t, k.r, job.Namespace, mounts(job).Database, backup.ProofFile)
	office, ops, stop := k.r.ServeApp(k.app, company, mounts(job))
	defer stop()
	proof.Office, proof.Ops = office, ops
	raw, err := json.Marshal(proof)
	rig.Check(k.t, err, os.WriteFile(filepath.Join(k.config.TaskDir, backup.ProofFile), raw, 0o600))
	outcome, code := program.Run(k.t.Context(), k.config, backup.CommandProve)
	said, err := json.Marshal(outcome)
	rig.Check(k.t, err)
	k.r.Hands.EndJob(k.t, job, int32(code), string(said)) //nolint:gosec // an exit code
	return code
}

// backUp makes a real backup of a company.
func (k *kubelet) backUp(company, name string) {
	k.t.Helper()
	k.r.Create(backupOf(company, name, v1alpha1.BackupFull))
	if code := k.agent(k.job(v1alpha1.LabelBackup, name, "backup-"+name+"-1"), backup.CommandBackup); code != contract.ExitOK {
		k.t.Fatalf("the backup ended with %d", code)
	}
	untilBackup(k.t, k.r, name, v1alpha1.ConditionComplete, v1alpha1.ReasonDone)
}

// restored runs all Jobs of a restore, which are to end well.
func (k *kubelet) restored(company, name string) {
	k.t.Helper()
	k.migrate(company, name, 1)
	if code := k.agent(k.job(v1alpha1.LabelRestore, name, "restore-"+name+"-l1"), backup.CommandRestore); code != contract.ExitOK {
		k.t.Fatalf("the restore ended with %d", code)
	}
}
