package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

const image = "atrium.dev/atrium-office@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func named(name, image string) releaseObject {
	var r releaseObject
	r.Metadata.Name, r.Spec.Image = name, image
	return r
}

func TestReleaseName(t *testing.T) {
	cases := map[string]struct {
		former []releaseObject
		want   string
	}{
		"first":                      {nil, "0.1.0"},
		"same image again":           {[]releaseObject{named("0.1.0", image)}, "0.1.0"},
		"another image":              {[]releaseObject{named("0.1.0", "other")}, "0.1.0-01234567"},
		"back to a former image":     {[]releaseObject{named("0.1.0", "other"), named("0.1.0-01234567", image)}, "0.1.0-01234567"},
		"under a name of the user's": {[]releaseObject{named("blue", image), named("0.1.0", "other")}, "blue"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := releaseName(c.former, image); got != c.want {
				t.Fatalf("got %s, want %s", got, c.want)
			}
		})
	}
}

// TestWithReleaseFillsTheSamples works on the real ones: they must keep the
// lines that the demo fills in.
func TestWithReleaseFillsTheSamples(t *testing.T) {
	read := func(name string) string {
		t.Helper()
		raw, err := os.ReadFile("../../config/samples/" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	release, tenants := withRelease(read("release"), read("tenants"), "0.1.0-01234567", image)
	for _, want := range []string{"\n  name: \"0.1.0-01234567\"\n", "\n  version: \"0.1.0-01234567\"\n", "\n  image: " + image + "\n"} {
		if strings.Count(release, want) != 1 {
			t.Errorf("the Release does not hold %q once:\n%s", want, release)
		}
	}
	if strings.Count(tenants, "  release: \"0.1.0-01234567\"\n") != 2 || strings.Contains(tenants, `"0.1.0"`) {
		t.Errorf("the two companies do not run the release:\n%s", tenants)
	}
}

// TestWithBackupFillsTheSample works on the real one.
func TestWithBackupFillsTheSample(t *testing.T) {
	raw, err := os.ReadFile("../../config/samples/objectstore-backup.yaml")
	if err != nil {
		t.Fatal(err)
	}
	own, err := (&target{backup: &backup{"http://10.0.0.9:9000", "user", "pass"}}).withBackup(string(raw))
	if err != nil {
		t.Fatal(err)
	}
	shared, err := (&target{}).withBackup(string(raw))
	if err != nil {
		t.Fatal(err)
	}
	for want, in := range map[string]string{
		"\n  endpoint: http://10.0.0.9:9000\n": own, "\n  issuerSecretRef: {name: backup-issuer}\n": own, `"secretKey":"pass"`: own, "\n  purpose: backup\n": own,
		"\n  endpoint: http://minio.atrium-system.svc:9000\n": shared, "\n  issuerSecretRef: {name: minio-issuer}\n": shared,
	} {
		if strings.Count(in, want) != 1 {
			t.Errorf("%q is not there once:\n%s", want, in)
		}
	}
	if strings.Contains(shared, "kind: Secret") {
		t.Error("a Secret for a store that is not there")
	}
}

func TestTheIdentityIsMadeOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "atrium", identityFile)
	first, err := ensureIdentity(path)
	if err != nil || !strings.HasPrefix(first, "age1") {
		t.Fatalf("recipient %q, error %v", first, err)
	}
	if again, err := ensureIdentity(path); err != nil || again != first {
		t.Errorf("again %q, error %v, want %q", again, err, first)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, error %v", info.Mode(), err)
	}
	if err := os.WriteFile(path, []byte("AGE-SECRET-KEY-1BROKEN"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ensureIdentity(path); err == nil || strings.Contains(err.Error(), "BROKEN") {
		t.Errorf("a broken one: %v", err)
	}
}

func TestTable(t *testing.T) {
	got := table("helm\t/parts/helm\npause\tatrium.dev/pause:1\tsha256:a\t/images/p.tar\n\n")
	want := map[string][]string{"helm": {"/parts/helm"}, "pause": {"atrium.dev/pause:1", "sha256:a", "/images/p.tar"}}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
}

func company(t *testing.T, raw string) tenant {
	t.Helper()
	var c tenant
	if err := json.Unmarshal([]byte(raw), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCompanyIsReadyForWhatWasAsked(t *testing.T) {
	cases := map[string]struct {
		raw  string
		want bool
	}{
		"ready":            {`{"metadata":{"generation":2},"spec":{"release":"1"},"status":{"observedGeneration":2,"release":"1","conditions":[{"type":"Ready","status":"True"}]}}`, true},
		"spec unseen":      {`{"metadata":{"generation":3},"spec":{"release":"1"},"status":{"observedGeneration":2,"release":"1","conditions":[{"type":"Ready","status":"True"}]}}`, false},
		"former release":   {`{"metadata":{"generation":2},"spec":{"release":"2"},"status":{"observedGeneration":2,"release":"1","conditions":[{"type":"Ready","status":"True"}]}}`, false},
		"not ready":        {`{"metadata":{"generation":2},"spec":{"release":"1"},"status":{"observedGeneration":2,"release":"1","conditions":[{"type":"Ready","status":"False"}]}}`, false},
		"nothing is known": {`{"metadata":{"generation":1},"spec":{"release":"1"}}`, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := company(t, c.raw).ready(); got != c.want {
				t.Fatalf("ready %v, want %v", got, c.want)
			}
		})
	}
}

func TestWaitingQuotesTheCondition(t *testing.T) {
	c := company(t, `{"metadata":{"name":"acme"},"status":{"operation":{"step":"Database","percent":25},"conditions":[{"type":"Ready","status":"False","reason":"DatabaseUnreachable","message":"postgres does not answer"}]}}`)
	if got, want := c.waiting(), "acme: Database, 25%: DatabaseUnreachable: postgres does not answer"; got != want {
		t.Fatalf("got %q, want %q", got, want)
	}
}

func TestSeedRunsTheCompanysOwnImageAndSettings(t *testing.T) {
	var deployment object
	if err := json.Unmarshal([]byte(`{"spec":{"template":{
		"metadata":{"labels":{"app.kubernetes.io/component":"office","atrium.dev/tenant-id":"k3v9q2m4xa"}},
		"spec":{"serviceAccountName":"office","topologySpreadConstraints":[{}],"volumes":[{"name":"settings"}],
			"containers":[{"name":"office","image":"`+image+`","args":["serve"],"ports":[{"containerPort":8080}],"readinessProbe":{},"lifecycle":{},
				"volumeMounts":[{"name":"settings","mountPath":"/etc/atrium-office"}]}]}}}}`), &deployment); err != nil {
		t.Fatal(err)
	}
	raw, ran, err := seedManifest(deployment, "tenant-acme")
	if err != nil || ran != image {
		t.Fatalf("image %q, error %v", ran, err)
	}
	var got object
	if err := json.Unmarshal([]byte(raw), &got); err != nil {
		t.Fatal(err)
	}
	want := object{
		"metadata": object{"labels": object{"app.kubernetes.io/component": "migrate", "atrium.dev/tenant-id": "k3v9q2m4xa"}},
		"spec": object{
			"serviceAccountName": "office", "restartPolicy": "Never", "volumes": []any{object{"name": "settings"}},
			"containers": []any{object{"name": "office", "image": image, "args": []any{"seed"}, "volumeMounts": []any{object{"name": "settings", "mountPath": "/etc/atrium-office"}}}},
		},
	}
	if template := dig(got, "spec", "template"); !reflect.DeepEqual(template, want) {
		t.Fatalf("got  %v\nwant %v", template, want)
	}
	if where := dig(got, "metadata", "namespace"); where != "tenant-acme" {
		t.Fatalf("namespace %v", where)
	}
}

func TestSeedOfSomethingElseIsAnError(t *testing.T) {
	for _, raw := range []string{`{}`, `{"spec":{"template":{"spec":{"containers":[]}}}}`} {
		var deployment object
		if err := json.Unmarshal([]byte(raw), &deployment); err != nil {
			t.Fatal(err)
		}
		if _, _, err := seedManifest(deployment, "tenant-acme"); err == nil {
			t.Errorf("%s made a job", raw)
		}
	}
}

func TestPodTrouble(t *testing.T) {
	cases := map[string]struct{ raw, want string }{
		"running":       {`{"status":{"containerStatuses":[{"name":"a","state":{}}]}}`, ""},
		"still pulling": {`{"status":{"containerStatuses":[{"name":"a","state":{"waiting":{"reason":"ContainerCreating"}}}]}}`, ""},
		"no image":      {`{"status":{"containerStatuses":[{"name":"a","state":{"waiting":{"reason":"ErrImagePull","message":"not found"}}}]}}`, "container a: ErrImagePull not found"},
		"no room":       {`{"status":{"conditions":[{"type":"PodScheduled","status":"False","message":"0/1 nodes are available"}]}}`, "0/1 nodes are available"},
		"crashing": {
			`{"status":{"initContainerStatuses":[{"name":"prepare","state":{"waiting":{"reason":"CrashLoopBackOff"}},"restartCount":3,"lastState":{"terminated":{"exitCode":2}}}]}}`,
			"container prepare ended with 2, 3 restarts",
		},
		"crashed just now": {`{"status":{"containerStatuses":[{"name":"a","state":{"terminated":{"exitCode":1}}}]}}`, "container a ended with 1, 0 restarts"},
		"prepared":         {`{"status":{"initContainerStatuses":[{"name":"a","ready":true,"state":{"terminated":{"exitCode":0}}}]}}`, ""},
		"recovered":        {`{"status":{"containerStatuses":[{"name":"a","ready":true,"restartCount":1,"state":{},"lastState":{"terminated":{"exitCode":1}}}]}}`, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var p pod
			if err := json.Unmarshal([]byte(c.raw), &p); err != nil {
				t.Fatal(err)
			}
			if got := p.trouble(); got != c.want {
				t.Fatalf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestWaitForTellsWhatItWaitedFor(t *testing.T) {
	p := progress{out: new(strings.Builder), start: time.Now()}
	err := p.waitFor(t.Context(), "companies", 0, func() (string, error) { return "acme: Database", nil })
	if err == nil || !strings.HasSuffix(err.Error(), "acme: Database") {
		t.Fatalf("error %v", err)
	}
	broken := errors.New("stalled")
	if err := p.waitFor(t.Context(), "companies", time.Hour, func() (string, error) { return "", broken }); !errors.Is(err, broken) {
		t.Fatalf("error %v, want %v", err, broken)
	}
	if err := p.waitFor(t.Context(), "companies", 0, func() (string, error) { return "", nil }); err != nil {
		t.Fatal(err)
	}
}

func TestUnknownChoicesAreRefused(t *testing.T) {
	t.Setenv("CLUSTER", "kind")
	if err := run(t.Context(), []string{"up"}); err == nil || !strings.Contains(err.Error(), "CLUSTER=kind") {
		t.Fatalf("error %v, want it to name CLUSTER=kind", err)
	}
	if err := run(t.Context(), nil); !errors.Is(err, errUsage) {
		t.Fatalf("error %v, want the usage", err)
	}
}
