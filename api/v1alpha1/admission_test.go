package v1alpha1_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	sigsyaml "sigs.k8s.io/yaml"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/test/env/kube"
)

// good objects, from which the cases differ in one field.
var good = map[string]string{
	"Tenant": `
metadata: {name: acme}
spec: {displayName: 云杉科技有限公司, plan: standard, release: 0.1.0, subdomain: acme, hosts: [oa.acme.example],
  adminContact: {name: 王芳, phone: "13800000001", mail: it@acme.example}, locale: zh-CN, timezone: Asia/Shanghai, deletionPolicy: Retain}`,
	"Plan": `
metadata: {name: standard}
spec: {replicas: 1, resources: {requests: {cpu: 50m, memory: 64Mi}, limits: {cpu: "1", memory: 256Mi}},
  requestLimits: {maxBodyBytes: 104857600, requestsPerSecond: 200, burst: 400}, database: {connections: 20, statementTimeout: 30s}}`,
	"DatabaseServer": `
metadata: {name: postgres}
spec: {host: postgres.atrium-system.svc, port: 5432, database: atrium, adminSecretRef: {name: admin}, sslMode: disable}`,
	"ObjectStore": `
metadata: {name: minio}
spec: {endpoint: "http://minio.atrium-system.svc:9000", issuerSecretRef: {name: issuer}}`,
	"Release": `
metadata: {name: 0.1.0}
spec: {version: 0.1.0, schemaVersion: 2, image: "atrium.dev/atrium-office@sha256:` + digits + `"}`,
	"TenantBackup": `
metadata: {name: acme-2026-11-22}
spec: {tenant: acme, type: Full}`,
	"TenantRestore": `
metadata: {name: acme-back}
spec: {tenant: acme, backup: acme-2026-11-22, mode: Drill}`,
}

const digits = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func object(t *testing.T, kind string) *unstructured.Unstructured {
	t.Helper()
	o := &unstructured.Unstructured{}
	if err := sigsyaml.Unmarshal([]byte(good[kind]), &o.Object); err != nil {
		t.Fatal(err)
	}
	o.SetGroupVersionKind(schema.GroupVersionKind{Group: "atrium.dev", Version: "v1alpha1", Kind: kind})
	return o
}

// edit sets a dotted field to a value; nil takes it out.
func edit(t *testing.T, o *unstructured.Unstructured, field string, value any) {
	t.Helper()
	path := strings.Split(field, ".")
	if value == nil {
		unstructured.RemoveNestedField(o.Object, path...)
		return
	}
	if err := unstructured.SetNestedField(o.Object, value, path...); err != nil {
		t.Fatal(err)
	}
}

// bad cases: one field, a value, and what the refusal must say.
var bad = []struct {
	kind, field string
	value       any
	says        string
}{
	{"Tenant", "metadata.name", strings.Repeat("a", 57), "at most 56 characters"},
	{"Tenant", "metadata.name", "acme.cn", "without dots"},
	{"Tenant", "metadata.name", "Acme", "lower case"},
	{"Tenant", "spec.displayName", nil, "Required value"},
	{"Tenant", "spec.displayName", "", "at least 1"},
	{"Tenant", "spec.displayName", "   ", "only spaces"},
	{"Tenant", "spec.displayName", "a\nb", "one line"},
	{"Tenant", "spec.displayName", "a\u202eb", "one line"},
	{"Tenant", "spec.displayName", "a\u200bb", "one line"},
	{"Tenant", "spec.displayName", strings.Repeat("长", 101), "100"},
	{"Tenant", "spec.plan", "", "at least 1"},
	{"Tenant", "spec.plan", nil, "Required value"},
	{"Tenant", "spec.release", nil, "Required value"},
	{"Tenant", "spec.release", strings.Repeat("1", 41), "40"},
	{"Tenant", "spec.subdomain", "Acme", "one lower-case DNS label"},
	{"Tenant", "spec.subdomain", "a.b", "one lower-case DNS label"},
	{"Tenant", "spec.subdomain", "-a", "one lower-case DNS label"},
	{"Tenant", "spec.subdomain", "a_b", "one lower-case DNS label"},
	{"Tenant", "spec.subdomain", "云杉", "one lower-case DNS label"},
	{"Tenant", "spec.subdomain", "xn--a", "third and fourth"},
	{"Tenant", "spec.subdomain", strings.Repeat("a", 64), "63"},
	{"Tenant", "spec.hosts", []any{"OA.example.com"}, "full lower-case DNS name"},
	{"Tenant", "spec.hosts", []any{"https://oa.example.com"}, "full lower-case DNS name"},
	{"Tenant", "spec.hosts", []any{"oa.example.com:8443"}, "full lower-case DNS name"},
	{"Tenant", "spec.hosts", []any{"oa.example.com."}, "full lower-case DNS name"},
	{"Tenant", "spec.hosts", []any{"*.example.com"}, "full lower-case DNS name"},
	{"Tenant", "spec.hosts", []any{"10.0.0.1"}, "full lower-case DNS name"},
	{"Tenant", "spec.hosts", []any{"::1"}, "full lower-case DNS name"},
	{"Tenant", "spec.hosts", []any{"localhost"}, "full lower-case DNS name"},
	{"Tenant", "spec.hosts", []any{"oa..com"}, "full lower-case DNS name"},
	{"Tenant", "spec.hosts", []any{"云杉.cn"}, "full lower-case DNS name"},
	{"Tenant", "spec.hosts", []any{strings.Repeat("a", 64) + ".com"}, "full lower-case DNS name"},
	{"Tenant", "spec.hosts", []any{""}, "at least 1"},
	{"Tenant", "spec.hosts", []any{"a.com", "a.com"}, "Duplicate value"},
	{"Tenant", "spec.hosts", many(21), "20"},
	{"Tenant", "spec.adminContact.phone", "call me", "phone must be digits"},
	{"Tenant", "spec.adminContact.mail", "nobody", "one address"},
	{"Tenant", "spec.adminContact.mail", "a b@c", "one address"},
	{"Tenant", "spec.locale", "fr", "zh-CN"},
	{"Tenant", "spec.timezone", "Mars/Base", "unknown time zone"},
	{"Tenant", "spec.timezone", "+08:00", "IANA name"},
	{"Tenant", "spec.timezone", "Local", "IANA name"},
	{"Tenant", "spec.timezone", "", "IANA name"},
	{"Tenant", "spec.timezone", "../etc/passwd", "IANA name"},
	{"Tenant", "spec.deletionPolicy", "Burn", "Retain"},
	{"Tenant", "spec.adopt", "all", "adopt must be the id"},
	{"Tenant", "spec.adopt", "1234567890", "adopt must be the id"},
	{"Plan", "spec.replicas", int64(0), "greater than or equal to 1"},
	{"Plan", "spec.replicas", int64(11), "less than or equal to 10"},
	{"Plan", "spec.replicas", int64(10), "2 * (replicas + 1)"},
	{"Plan", "spec.resources", nil, "Required value"},
	{"Plan", "spec.resources.limits.cpu", "10m", "at least requests.cpu"},
	{"Plan", "spec.resources.limits.memory", "33Mi", "at least requests.memory"},
	{"Plan", "spec.resources.requests.memory", "1Mi", "at least 32Mi"},
	{"Plan", "spec.resources.requests.cpu", "0", "more than 0"},
	{"Plan", "spec.resources.requests.cpu", "much", "Invalid value"},
	{"Plan", "spec.requestLimits.maxBodyBytes", int64(1), "greater than or equal to 1048576"},
	{"Plan", "spec.requestLimits.requestsPerSecond", int64(0), "greater than or equal to 1"},
	{"Plan", "spec.requestLimits.burst", int64(0), "greater than or equal to 1"},
	{"Plan", "spec.database.connections", int64(3), "greater than or equal to 4"},
	{"Plan", "spec.database.statementTimeout", "10ms", "between 1s and 10m"},
	{"Plan", "spec.database.statementTimeout", "1h", "between 1s and 10m"},
	{"Plan", "spec.database.statementTimeout", "soon", "between 1s and 10m"},
	{"Plan", "spec.backup", map[string]any{"window": map[string]any{"start": "25:00"}}, "time of day"},
	{"Plan", "spec.backup", map[string]any{"window": map[string]any{"hours": int64(13)}}, "less than or equal to 12"},
	{"Tenant", "spec.backup", map[string]any{"retention": map[string]any{"daily": int64(0), "weekly": int64(0), "monthly": int64(0)}}, "keep something"},
	{"TenantBackup", "metadata.name", strings.Repeat("a", 51), "at most 50 characters"},
	{"TenantBackup", "metadata.name", "acme.monday", "lower-case DNS label"},
	{"TenantBackup", "spec.tenant", nil, "Required value"},
	{"TenantBackup", "spec.tenant", strings.Repeat("a", 57), "56"},
	{"TenantBackup", "spec.type", "Differential", "Incremental"},
	{"TenantRestore", "metadata.name", strings.Repeat("a", 51), "at most 50 characters"},
	{"TenantRestore", "spec.mode", "Sideways", "InPlace"},
	{"TenantRestore", "spec.mode", nil, "Required value"},
	{"TenantRestore", "spec.undo", true, "only a restore InPlace can be undone"},
	{"DatabaseServer", "spec.host", "postgres://db", "without scheme and port"},
	{"DatabaseServer", "spec.host", "db:5432", "without scheme and port"},
	{"DatabaseServer", "spec.host", "", "at least 1"},
	{"DatabaseServer", "spec.port", int64(0), "greater than or equal to 1"},
	{"DatabaseServer", "spec.port", int64(65536), "less than or equal to 65535"},
	{"DatabaseServer", "spec.database", strings.Repeat("d", 56), "55"},
	{"DatabaseServer", "spec.adminSecretRef", nil, "Required value"},
	{"DatabaseServer", "spec.sslMode", "prefer", "verify-full"},
	{"DatabaseServer", "spec.sslMode", "verify-full", "caBundle must hold"},
	{"ObjectStore", "spec.endpoint", "minio:9000", "http:// or https://"},
	{"ObjectStore", "spec.endpoint", "http://minio:9000/path", "nothing after it"},
	{"ObjectStore", "spec.endpoint", "ftp://minio", "http:// or https://"},
	{"ObjectStore", "spec.endpoint", "http://user:pw@minio", "nothing after it"},
	{"ObjectStore", "spec.issuerSecretRef", nil, "Required value"},
	{"Release", "spec.version", "v1", "semantic version"},
	{"Release", "spec.image", "atrium.dev/atrium-office:0.1.0", "by digest"},
	{"Release", "spec.image", "atrium.dev/atrium-office@sha256:abc", "by digest"},
	{"Release", "spec.schemaVersion", int64(0), "greater than or equal to 1"},
	{"Release", "metadata.name", strings.Repeat("1", 41), "at most 40"},
}

func many(n int) (hosts []any) {
	for i := range n {
		hosts = append(hosts, fmt.Sprintf("h%d.example.com", i))
	}
	return hosts
}

func TestAdmission(t *testing.T) {
	c, err := client.New(kube.Start(t), client.Options{Scheme: runtime.NewScheme()})
	if err != nil {
		t.Fatal(err)
	}
	t.Run("good objects are taken", func(t *testing.T) {
		for kind := range good {
			if err := c.Create(t.Context(), object(t, kind)); err != nil {
				t.Errorf("%s: %v", kind, err)
			}
		}
	})
	t.Run("bad ones are refused with what to do", func(t *testing.T) {
		for _, b := range bad {
			o := object(t, b.kind)
			edit(t, o, b.field, b.value)
			err := c.Create(t.Context(), o, client.DryRunAll)
			if err == nil || !strings.Contains(err.Error(), b.says) {
				t.Errorf("%s %s = %v: %v; want a refusal with %q", b.kind, b.field, b.value, err, b.says)
			}
		}
	})
	t.Run("reserved addresses", func(t *testing.T) { reserved(t, c) })
	t.Run("changes that cannot be", func(t *testing.T) { immutable(t, c) })
	t.Run("what a Tenant begins with", func(t *testing.T) { decidedOnce(t, c) })
	t.Run("what is left out gets its default", func(t *testing.T) { defaults(t, c) })
}

func reserved(t *testing.T, c client.Client) {
	for _, name := range append(slices.Clone(v1alpha1.ReservedSubdomains), "free") {
		byName, bySubdomain := object(t, "Tenant"), object(t, "Tenant")
		byName.SetName(name)
		edit(t, byName, "spec.subdomain", nil)
		bySubdomain.SetName("other")
		edit(t, bySubdomain, "spec.subdomain", name)
		for _, o := range []*unstructured.Unstructured{byName, bySubdomain} {
			err := c.Create(t.Context(), o, client.DryRunAll)
			if refused := err != nil && strings.Contains(err.Error(), "reserved for the platform"); refused != (name != "free") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	// Under a name of its own, a Tenant called www is fine.
	www := object(t, "Tenant")
	www.SetName("www")
	if err := c.Create(t.Context(), www, client.DryRunAll); err != nil {
		t.Errorf("Tenant www with subdomain acme: %v", err)
	}
}

// decidedOnce changes what a Tenant begins with, in every direction.
func decidedOnce(t *testing.T, c client.Client) {
	from := func(backup string) any { return map[string]any{"backup": backup} }
	copied := object(t, "Tenant")
	copied.SetName("copied")
	edit(t, copied, "spec.subdomain", nil)
	edit(t, copied, "spec.hosts", nil)
	edit(t, copied, "spec.restoreFrom", from("monday"))
	if err := c.Create(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]struct {
		tenant string
		value  any
	}{"added": {"acme", from("monday")}, "another": {"copied", from("tuesday")}, "taken out": {"copied", nil}} {
		o := object(t, "Tenant")
		if err := c.Get(t.Context(), client.ObjectKey{Name: change.tenant}, o); err != nil {
			t.Fatal(err)
		}
		edit(t, o, "spec.restoreFrom", change.value)
		if err := c.Update(t.Context(), o); err == nil || !strings.Contains(err.Error(), "make a TenantRestore of mode InPlace") {
			t.Errorf("restoreFrom %s: %v, want a refusal that says what to do", what, err)
		}
	}
	edit(t, copied, "spec.outbound", true)
	if err := c.Update(t.Context(), copied); err != nil {
		t.Errorf("a copy that is to call out: %v", err)
	}
}

func immutable(t *testing.T, c client.Client) {
	acme := object(t, "Tenant")
	if err := c.Get(t.Context(), client.ObjectKeyFromObject(acme), acme); err != nil {
		t.Fatal(err)
	}
	edit(t, acme, "status.id", "abcdefghij")
	if err := c.Status().Update(t.Context(), acme); err != nil {
		t.Fatal(err)
	}
	for _, change := range []struct {
		kind, field string
		value       any
		says        string
	}{
		{"Tenant", "spec.adopt", "none", "read only before the Tenant has an id"},
		{"DatabaseServer", "spec.database", "other", "database cannot change"},
		{"Release", "spec.schemaVersion", int64(3), "never changes"},
		{"TenantBackup", "spec.type", "Incremental", "never changes"},
		{"TenantRestore", "spec.backup", "acme-2026-11-23", "only undo changes"},
		{"TenantRestore", "spec.mode", "InPlace", "only undo changes"},
		{"Release", "spec.image", "x@sha256:" + digits, "never changes"},
	} {
		o := object(t, change.kind)
		if err := c.Get(t.Context(), client.ObjectKeyFromObject(o), o); err != nil {
			t.Fatal(err)
		}
		edit(t, o, change.field, change.value)
		if err := c.Update(t.Context(), o); err == nil || !strings.Contains(err.Error(), change.says) {
			t.Errorf("%s %s = %v: %v; want a refusal with %q", change.kind, change.field, change.value, err, change.says)
		}
	}
	for _, id := range []any{"bbbbbbbbbb", nil} {
		o := acme.DeepCopy()
		edit(t, o, "status.id", id)
		if err := c.Status().Update(t.Context(), o); err == nil || !strings.Contains(err.Error(), "status.id never changes") {
			t.Errorf("status.id = %v: %v", id, err)
		}
	}
}

func defaults(t *testing.T, c client.Client) {
	o := object(t, "Tenant")
	o.SetName("plain")
	for _, field := range []string{"subdomain", "hosts", "adminContact", "locale", "timezone", "deletionPolicy"} {
		edit(t, o, "spec."+field, nil)
	}
	if err := c.Create(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]string{"locale": v1alpha1.DefaultLocale, "timezone": v1alpha1.DefaultTimezone, "deletionPolicy": "Retain"} {
		if got, _, _ := unstructured.NestedString(o.Object, "spec", field); got != want {
			t.Errorf("spec.%s defaults to %q, want %q", field, got, want)
		}
	}
}
