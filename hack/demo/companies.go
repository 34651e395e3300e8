package main

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"
)

const companiesLimit = 5 * time.Minute

// sampleLabel is on what the demo applied, so that it removes nothing else.
const sampleLabel = "atrium.dev/demo=true"

// applySamples applies config/samples as a person would, with the digest of the
// app's image in the Release.
func applySamples(ctx context.Context, p progress, t *target) error {
	return p.step("samples", func() (string, error) {
		if _, err := t.kubectl(ctx, "", "wait", "--for=condition=Established", "--timeout=60s",
			"crd/plans.atrium.dev", "crd/databaseservers.atrium.dev", "crd/objectstores.atrium.dev", "crd/releases.atrium.dev", "crd/tenants.atrium.dev"); err != nil {
			return "", err
		}
		var former struct{ Items []releaseObject }
		if err := t.get(ctx, &former, "releases.atrium.dev"); err != nil {
			return "", err
		}
		sample := map[string]string{}
		for _, name := range []string{"plan", "databaseserver", "objectstore", "objectstore-backup", "release", "tenants"} {
			raw, err := os.ReadFile(t.path("config", "samples", name+".yaml"))
			if err != nil {
				return "", fmt.Errorf("read the samples: %w", err)
			}
			sample[name] = string(raw)
		}
		backup, err := t.withBackup(sample["objectstore-backup"])
		if err != nil {
			return "", err
		}
		name := releaseName(former.Items, t.images["atrium-office"])
		sample["release"], sample["tenants"] = withRelease(sample["release"], sample["tenants"], name, t.images["atrium-office"])
		all := strings.Join([]string{sample["plan"], sample["databaseserver"], sample["objectstore"], backup, sample["release"], sample["tenants"]}, "\n---\n")
		if _, err := t.kubectl(ctx, all, "apply", "--filename=-"); err != nil {
			return "", err
		}
		_, err = t.kubectl(ctx, all, "label", "--overwrite", "--filename=-", sampleLabel)
		return "applied, release " + name, err
	})
}

type releaseObject struct {
	Metadata struct{ Name string }
	Spec     struct{ Image string }
}

// sampleRelease is the name in config/samples.
const sampleRelease = "0.1.0"

// releaseName chooses the Release for an image. A Release never changes, because
// companies run it: another image of the same version gets a name of its own.
func releaseName(former []releaseObject, image string) string {
	name := sampleRelease
	for _, r := range former {
		if r.Spec.Image == image {
			return r.Metadata.Name
		}
		if r.Metadata.Name == sampleRelease {
			_, digest, _ := strings.Cut(image, "@sha256:")
			name = sampleRelease + "-" + digest[:8]
		}
	}
	return name
}

// withRelease puts the name and the image into the samples.
func withRelease(releaseYAML, tenantsYAML, name, image string) (string, string) {
	quoted := `"` + sampleRelease + `"`
	releaseYAML = strings.ReplaceAll(releaseYAML, quoted, `"`+name+`"`)
	releaseYAML = regexp.MustCompile(`(?m)^  image: .*$`).ReplaceAllLiteralString(releaseYAML, "  image: "+image)
	return releaseYAML, strings.ReplaceAll(tenantsYAML, "release: "+quoted, `release: "`+name+`"`)
}

// tenant is what the demo reads of a Tenant.
type tenant struct {
	Metadata struct {
		Name              string
		Generation        int64
		CreationTimestamp time.Time
	}
	Spec   struct{ DisplayName, Release string }
	Status struct {
		ObservedGeneration      int64
		URL, Namespace, Release string
		Conditions              []condition
		Operation               struct {
			Step    string
			Percent int
		}
	}
}

func (t tenant) condition(kind string) condition {
	for _, c := range t.Status.Conditions {
		if c.Type == kind {
			return c
		}
	}
	return condition{}
}

// ready says whether people can work with what the spec asks for now.
func (t tenant) ready() bool {
	return t.Status.ObservedGeneration >= t.Metadata.Generation && t.condition("Ready").Status == "True" && t.Status.Release == t.Spec.Release
}

// waiting tells where the operator stands, and what is wrong, if anything is.
func (t tenant) waiting() string {
	ready := t.condition("Ready")
	if ready.Reason == "" {
		return t.Metadata.Name + ": the operator has not begun"
	}
	return fmt.Sprintf("%s: %s, %d%%: %s: %s", t.Metadata.Name, t.Status.Operation.Step, t.Status.Operation.Percent, ready.Reason, ready.Message)
}

// waitForCompanies waits until each company of the samples can work.
func waitForCompanies(ctx context.Context, p progress, t *target) ([]tenant, error) {
	began, told := time.Now(), map[string]bool{}
	var ready []tenant
	err := p.waitFor(ctx, "companies", companiesLimit, func() (string, error) {
		var list struct{ Items []tenant }
		if err := t.get(ctx, &list, "--filename="+t.path("config", "samples", "tenants.yaml")); err != nil {
			return "", err
		}
		var waiting []string
		for _, company := range list.Items {
			name := company.Metadata.Name
			switch stalled := company.condition("Stalled"); {
			case company.ready() && !told[name]:
				told[name] = true
				p.line("company "+name, "ready: "+company.Status.URL, time.Since(began))
			case !company.ready():
				waiting = append(waiting, company.waiting())
				if stalled.Status == "True" && time.Since(began) > patience {
					return "", fmt.Errorf("%s: %s: %s; kubectl describe tenant %s tells all", name, stalled.Reason, stalled.Message, name)
				}
			}
		}
		ready = list.Items
		return strings.Join(waiting, "; "), nil
	})
	return ready, err
}

// patience is how long the operator may take to notice that what it missed is there now.
const patience = 30 * time.Second

// healthLimit covers several rounds of the operator's own measuring.
const healthLimit = time.Minute

// waitForHealth waits until the operator has seen each company's app answer.
func waitForHealth(ctx context.Context, p progress, t *target) error {
	began := time.Now()
	err := p.waitFor(ctx, "health", healthLimit, func() (string, error) {
		var list struct{ Items []tenant }
		if err := t.get(ctx, &list, "--filename="+t.path("config", "samples", "tenants.yaml")); err != nil {
			return "", err
		}
		var waiting []string
		for _, company := range list.Items {
			if healthy := company.condition("Healthy"); healthy.Status != "True" {
				waiting = append(waiting, fmt.Sprintf("%s: %s: %s", company.Metadata.Name, healthy.Reason, healthy.Message))
			}
		}
		return strings.Join(waiting, "; "), nil
	})
	if err == nil {
		p.line("health", "the companies' apps answer", time.Since(began))
	}
	return err
}
