package main

import (
	"context"
	"fmt"
	"strings"
	"time"
)

const (
	release       = "atrium"
	namespace     = "atrium-system"
	platformLimit = 5 * time.Minute
)

// installPlatform installs or upgrades the chart and waits for its pods.
func installPlatform(ctx context.Context, p progress, t *target) error {
	began := time.Now()
	repository, digest, _ := strings.Cut(t.images["atrium"], "@")
	agent, agentDigest, _ := strings.Cut(t.images["atrium-agent"], "@")
	args := []string{
		"upgrade", "--install", release, t.path("charts", "atrium"), "--namespace", namespace, "--create-namespace",
		"--values", t.path("charts", "atrium", "demo-values.yaml"),
		"--set", "image.repository=" + repository, "--set", "image.digest=" + digest,
		"--set", "agent.image.repository=" + agent, "--set", "agent.image.digest=" + agentDigest,
		"--set", "recovery.recipient=" + t.recipient,
	}
	for _, server := range []string{"postgres", "minio", "prometheus", "alertmanager"} {
		args = append(args, "--set", "demo."+server+".image="+t.images[server])
	}
	if t.storage != "" {
		args = append(args, "--set", "demo.storageClassName="+t.storage)
	}
	if t.proxy != "" {
		args = append(args, "--set", "gateway.trustedProxies={"+t.proxy+"}")
	}
	if _, err := t.helm(ctx, args...); err != nil {
		return err
	}
	if err := p.waitFor(ctx, "platform", platformLimit, func() (string, error) { return t.unready(ctx) }); err != nil {
		return err
	}
	p.line("platform", "chart "+release+" in "+namespace+", pods are ready", time.Since(began))
	return nil
}

// workload is a Deployment or a StatefulSet.
type workload struct {
	Kind     string
	Metadata struct {
		Name       string
		Generation int64
	}
	Spec   struct{ Replicas int }
	Status struct {
		ObservedGeneration                       int64
		UpdatedReplicas, ReadyReplicas, Replicas int
	}
}

func (w workload) ready() bool {
	s := w.Status
	return s.ObservedGeneration >= w.Metadata.Generation && s.UpdatedReplicas == w.Spec.Replicas && s.ReadyReplicas == w.Spec.Replicas && s.Replicas == w.Spec.Replicas
}

// unready names the workloads of the platform that are not ready, and why.
func (t *target) unready(ctx context.Context) (string, error) {
	var list struct{ Items []workload }
	if err := t.get(ctx, &list, "deployments,statefulsets", "--namespace", namespace); err != nil {
		return "", err
	}
	var waiting []string
	for _, w := range list.Items {
		if !w.ready() {
			waiting = append(waiting, w.Metadata.Name)
		}
	}
	if len(waiting) == 0 {
		return "", nil
	}
	why, err := t.podTrouble(ctx, namespace)
	return strings.Join(waiting, ", ") + why, err
}

// pod is what tells why a pod does not run.
type pod struct {
	Metadata struct{ Name string }
	Status   struct {
		Conditions            []condition
		InitContainerStatuses []containerStatus
		ContainerStatuses     []containerStatus
	}
}

type condition struct{ Type, Status, Reason, Message string }

type containerStatus struct {
	Name         string
	Ready        bool
	RestartCount int
	State        struct {
		Waiting    *struct{ Reason, Message string }
		Terminated *ended
	}
	LastState struct{ Terminated *ended }
}

type ended struct{ ExitCode int }

// podTrouble says what keeps a pod of the namespace from running; empty when
// nothing is known yet.
func (t *target) podTrouble(ctx context.Context, namespace string) (string, error) {
	var list struct{ Items []pod }
	if err := t.get(ctx, &list, "pods", "--namespace", namespace); err != nil {
		return "", err
	}
	for _, pod := range list.Items {
		if trouble := pod.trouble(); trouble != "" {
			return fmt.Sprintf(" (pod %s: %s; see kubectl --namespace %s describe pod %s)", pod.Metadata.Name, trouble, namespace, pod.Metadata.Name), nil
		}
	}
	return "", nil
}

func (p pod) trouble() string {
	for _, c := range p.Status.Conditions {
		if c.Type == "PodScheduled" && c.Status == "False" {
			return c.Message
		}
	}
	for _, c := range append(p.Status.InitContainerStatuses, p.Status.ContainerStatuses...) {
		waiting, ended := c.State.Waiting, c.LastState.Terminated
		if c.State.Terminated != nil && c.State.Terminated.ExitCode != 0 {
			ended = c.State.Terminated
		}
		switch {
		case ended != nil && !c.Ready:
			return fmt.Sprintf("container %s ended with %d, %d restarts", c.Name, ended.ExitCode, c.RestartCount)
		case waiting != nil && waiting.Reason != "PodInitializing" && waiting.Reason != "ContainerCreating":
			return strings.TrimSpace(fmt.Sprintf("container %s: %s %s", c.Name, waiting.Reason, waiting.Message))
		}
	}
	return ""
}
