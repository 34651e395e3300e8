package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// existing is the cluster of the current kubeconfig.
type existing struct {
	place
	registry string // where to push images; empty: they were loaded
}

func (e existing) prepare(ctx context.Context, p progress) (*target, error) {
	t, err := e.target(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.step("cluster", func() (string, error) {
		context, err := t.kubectl(ctx, "", "config", "current-context")
		if err != nil {
			return "", err
		}
		if _, err := t.kubectl(ctx, "", "get", "--raw", "/readyz"); err != nil {
			return "", fmt.Errorf("the cluster of context %s does not answer: %w; choose another with kubectl config use-context", strings.TrimSpace(context), err)
		}
		return "context " + strings.TrimSpace(context), nil
	}); err != nil {
		return nil, err
	}
	config, err := os.UserConfigDir()
	if err != nil {
		return nil, fmt.Errorf("find a place for the recovery identity: %w", err)
	}
	t.identity = filepath.Join(config, "atrium", identityFile)
	if t.recipient, err = ensureIdentity(t.identity); err != nil {
		return nil, err
	}
	args := append([]string{"build"}, demoImages...)
	if e.registry != "" {
		args = append([]string{"push", e.registry}, demoImages...)
	}
	out, err := e.tool(ctx, "images", args...)
	if err != nil {
		return nil, err
	}
	archives := map[string]string{}
	for name, row := range table(out) {
		t.images[name] = row[0]
		if e.registry == "" {
			t.images[name] = "atrium.dev/" + name + "@" + row[1]
			archives[t.images[name]] = row[2]
		}
	}
	if e.registry == "" {
		err = t.mustHold(ctx, archives)
	}
	return t, err
}

// target takes the kubectl of the PATH, because it fits the cluster, and helm from the parts.
func (e existing) target(ctx context.Context) (*target, error) {
	kubectl, err := exec.LookPath("kubectl")
	if err != nil {
		return nil, fmt.Errorf("kubectl is not in the PATH: install one that fits your cluster")
	}
	out, err := e.tool(ctx, "cluster", "parts", "helm")
	if err != nil {
		return nil, err
	}
	return &target{place: e.place, images: map[string]string{}, kubectlPath: kubectl, helmPath: filepath.Join(table(out)["helm"][0], "helm")}, nil
}

// mustHold sees that each node has each image, and names those that are missing.
func (t *target) mustHold(ctx context.Context, archives map[string]string) error {
	var nodes struct {
		Items []struct {
			Metadata struct{ Name string }
			Status   struct{ Images []struct{ Names []string } }
		}
	}
	if err := t.get(ctx, &nodes, "nodes"); err != nil {
		return err
	}
	var missing []error
	for _, node := range nodes.Items {
		held := map[string]bool{}
		for _, image := range node.Status.Images {
			for _, name := range image.Names {
				held[name] = true
			}
		}
		for ref, archive := range archives {
			if !held[ref] {
				missing = append(missing, fmt.Errorf("node %s lacks %s: load %s", node.Metadata.Name, ref, archive))
			}
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("images are missing: load them with ctr -n k8s.io images import, or set REGISTRY=host/folder to push them:\n%w", errors.Join(missing...))
	}
	return nil
}

// open leaves the address to the person: what a cluster has in front differs.
func (e existing) open(_ context.Context, p progress, _ *target) error {
	p.title("  The addresses answer while this runs: kubectl -n " + namespace + " port-forward service/gateway 8080:80")
	return nil
}

// down removes what the demo applied, then the platform and its namespace: the
// operator must still be there to close what it opened. The definitions stay, as
// after every uninstall. Companies of somebody else keep the platform.
func (e existing) down(ctx context.Context) error {
	t, err := e.target(ctx)
	if err != nil {
		return err
	}
	var companies struct{ Items []tenant }
	if err := t.get(ctx, &companies, "tenants", "--selector="+sampleLabel); err != nil {
		return err
	}
	for _, company := range companies.Items {
		name := company.Metadata.Name
		if _, err := t.kubectl(ctx, "", "annotate", "tenant", name, "--overwrite", confirmation+"="+name); err != nil {
			return err
		}
	}
	for _, kinds := range []string{"tenants", "releases,plans,databaseservers,objectstores"} {
		if _, err := t.kubectl(ctx, "", "delete", kinds, "--selector="+sampleLabel, "--ignore-not-found", "--timeout=5m"); err != nil {
			return err
		}
	}
	if err := t.get(ctx, &companies, "tenants"); err != nil {
		return err
	}
	if len(companies.Items) > 0 {
		return fmt.Errorf("the samples are gone; the platform stays, because %s is not the demo's: delete such companies first, or leave the platform to them", strings.Join(names(companies.Items), ", "))
	}
	if _, err := t.helm(ctx, "uninstall", release, "--namespace", namespace, "--ignore-not-found", "--wait", "--timeout=5m"); err != nil {
		return err
	}
	_, err = t.kubectl(ctx, "", "delete", "namespace", namespace, "--ignore-not-found", "--timeout=5m")
	return err
}

// confirmation is the annotation without which the API server deletes no company.
const confirmation = "atrium.dev/confirm-deletion"

func names(companies []tenant) (all []string) {
	for _, company := range companies {
		all = append(all, company.Metadata.Name)
	}
	return all
}
