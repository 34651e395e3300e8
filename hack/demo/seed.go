package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

const (
	seedJob   = "seed"
	seedLimit = 2 * time.Minute
)

// object is a Kubernetes object as JSON.
type object = map[string]any

// job is what the demo reads of a Job.
type job struct {
	Spec struct {
		Template struct {
			Spec struct{ Containers []struct{ Image string } }
		}
	}
	Status struct{ Conditions []condition }
}

func (j job) has(kind string) bool {
	for _, c := range j.Status.Conditions {
		if c.Type == kind && c.Status == "True" {
			return true
		}
	}
	return false
}

// seed fills each company with people by a Job that runs the app's own seed
// command with the company's settings. It is done once for each image.
func seed(ctx context.Context, p progress, t *target, companies []tenant) error {
	return p.step("people", func() (string, error) {
		var waiting []tenant
		for _, company := range companies {
			started, err := t.startSeed(ctx, company)
			if err != nil {
				return "", err
			}
			if started {
				waiting = append(waiting, company)
			}
		}
		for _, company := range waiting {
			if err := t.waitForSeed(ctx, p, company); err != nil {
				return "", err
			}
		}
		if len(waiting) == 0 {
			return "are there already", nil
		}
		return fmt.Sprintf("seeded into %d companies", len(waiting)), nil
	})
}

// startSeed makes the Job unless one for the same image has done its work.
func (t *target) startSeed(ctx context.Context, company tenant) (bool, error) {
	var former struct{ Items []job }
	where := "--namespace=" + company.Status.Namespace
	if err := t.get(ctx, &former, "jobs", where, "--field-selector=metadata.name="+seedJob); err != nil {
		return false, err
	}
	var deployment object
	if err := t.get(ctx, &deployment, "deployment", "office", where); err != nil {
		return false, err
	}
	manifest, image, err := seedManifest(deployment, company.Status.Namespace)
	if err != nil {
		return false, fmt.Errorf("make the seed job of %s: %w", company.Metadata.Name, err)
	}
	for _, j := range former.Items {
		if containers := j.Spec.Template.Spec.Containers; j.has("Complete") && len(containers) == 1 && containers[0].Image == image {
			return false, nil
		}
		if _, err := t.kubectl(ctx, "", "delete", "job", seedJob, where, "--timeout=60s"); err != nil {
			return false, err
		}
	}
	_, err = t.kubectl(ctx, manifest, "create", "--filename=-")
	return true, err
}

// seedManifest turns the company's Deployment into a Job with the same image,
// settings and limits. It is labelled like a migration, so that the company's
// network policies let it reach database and bucket and nothing reaches it.
func seedManifest(deployment object, namespace string) (manifest, image string, err error) {
	template, ok := dig(deployment, "spec", "template").(object)
	if !ok {
		return "", "", fmt.Errorf("the Deployment office has no pod template")
	}
	containers, ok := dig(template, "spec", "containers").([]any)
	if !ok || len(containers) == 0 {
		return "", "", fmt.Errorf("the Deployment office has no container")
	}
	container := containers[0].(object)
	for _, serving := range []string{"ports", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "command"} {
		delete(container, serving)
	}
	container["args"] = []string{"seed"}
	image, _ = container["image"].(string)
	labels, _ := dig(template, "metadata", "labels").(object)
	labels["app.kubernetes.io/component"] = "migrate"
	spec := template["spec"].(object)
	spec["restartPolicy"] = "Never"
	for _, scheduling := range []string{"topologySpreadConstraints", "affinity"} {
		delete(spec, scheduling)
	}
	raw, err := json.Marshal(object{
		"apiVersion": "batch/v1", "kind": "Job",
		"metadata": object{"name": seedJob, "namespace": namespace},
		"spec":     object{"backoffLimit": 3, "activeDeadlineSeconds": int(seedLimit.Seconds()), "template": object{"metadata": object{"labels": labels}, "spec": spec}},
	})
	return string(raw), image, err
}

// dig follows keys through nested objects; nil when one is absent.
func dig(value any, keys ...string) any {
	for _, key := range keys {
		inner, ok := value.(object)
		if !ok {
			return nil
		}
		value = inner[key]
	}
	return value
}

func (t *target) waitForSeed(ctx context.Context, p progress, company tenant) error {
	where := "--namespace=" + company.Status.Namespace
	return p.waitFor(ctx, "people of "+company.Metadata.Name, seedLimit, func() (string, error) {
		var j job
		if err := t.get(ctx, &j, "job", seedJob, where); err != nil {
			return "", err
		}
		if j.has("Failed") {
			logs, err := t.kubectl(ctx, "", "logs", "job/"+seedJob, where, "--tail=1")
			if err != nil {
				return "", err
			}
			return "", fmt.Errorf("the seed failed: %s", strings.TrimSpace(logs))
		}
		if j.has("Complete") {
			return "", nil
		}
		why, err := t.podTrouble(ctx, company.Status.Namespace)
		return "the seed job runs" + why, err
	})
}
