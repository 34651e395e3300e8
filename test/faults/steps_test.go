package faults

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"

	"atrium.dev/atrium/test/env"
	"atrium.dev/atrium/test/rig"
)

// field is a leaf of a kind's spec in the generated CRD.
type field struct {
	kind     string
	path     []string
	required bool
	schema   apiextensionsv1.JSONSchemaProps
}

func (f field) name() string { return f.kind + "." + strings.Join(f.path, ".") }

// move is one step of a walk: a value, or none, for a field.
type move struct {
	value any // nil takes the field out
	good  bool
	why   string
}

// fieldsOf reads a kind's fields from config/crd.
func fieldsOf(t *testing.T, plural string) (all []field) {
	t.Helper()
	root, err := env.Repository()
	rig.Check(t, err)
	raw, err := os.ReadFile(filepath.Join(root, "config/crd/atrium.dev_"+plural+".yaml"))
	rig.Check(t, err)
	var crd apiextensionsv1.CustomResourceDefinition
	rig.Check(t, yaml.Unmarshal(raw, &crd))
	var descend func(path []string, required bool, s apiextensionsv1.JSONSchemaProps)
	descend = func(path []string, required bool, s apiextensionsv1.JSONSchemaProps) {
		if len(s.Properties) == 0 {
			all = append(all, field{crd.Spec.Names.Kind, slices.Clone(path), required, s})
			return
		}
		for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
			descend(append(path, name), slices.Contains(s.Required, name), s.Properties[name])
		}
	}
	descend(nil, true, crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"])
	return all
}

// moves of a field: what its schema says, and samples of what its rules say in CEL.
func (f field) moves() (all []move) {
	s, sample := f.schema, samples[f.name()]
	add := func(good bool, why string, values ...any) {
		for _, v := range values {
			known := slices.ContainsFunc(sample.good, func(g any) bool { return fmt.Sprint(g) == fmt.Sprint(v) })
			all = append(all, move{v, good && (!sample.closed || known), why})
		}
	}
	add(true, "sample", sample.good...)
	add(false, "sample", sample.bad...)
	for _, e := range s.Enum {
		add(true, "one of the enum", strings.Trim(string(e.Raw), `"`))
	}
	switch {
	case s.XIntOrString:
		add(false, "no amount", "much", true, "-5")
	case s.Type == "object":
		add(false, "of another type", "text", int64(7))
	case s.Type == "string":
		add(false, "of another type", int64(7), []any{"a"}, map[string]any{"not": "this"})
		if s.Enum != nil {
			add(false, "none of the enum", "nonsense", "")
		}
		if s.MinLength != nil && *s.MinLength > 0 {
			add(false, "too short", "")
		}
		if s.MaxLength != nil {
			add(false, "too long", strings.Repeat("a", int(*s.MaxLength)+1))
		}
	case s.Type == "integer":
		add(false, "of another type", "text", 1.5, map[string]any{"not": "this"})
		if s.Minimum != nil {
			add(true, "smallest", int64(*s.Minimum))
			add(false, "too small", int64(*s.Minimum)-1)
		}
		if s.Maximum != nil {
			add(true, "largest", int64(*s.Maximum))
			add(false, "too large", int64(*s.Maximum)+1)
		}
	case s.Type == "boolean":
		add(true, "yes or no", true, false)
		add(false, "of another type", "yes", int64(1))
	case s.Type == "array":
		add(false, "of another type", "text", int64(7))
		if s.MaxItems != nil && len(sample.good) > 0 {
			one := sample.good[0].([]any)[0]
			add(false, "too many", slices.Repeat([]any{one}, int(*s.MaxItems)+1))
		}
	}
	if f.required {
		add(false, "taken out", nil)
	} else {
		add(true, "taken out", nil)
	}
	return all
}

// sampled values; closed says that of what the schema alone would take, another rule
// refuses all but the good samples.
type sampled struct {
	good, bad []any
	closed    bool
}

func list(values ...any) []any { return values }

// samples for what no schema can be asked for. A field that is missing here walks
// by its schema alone.
var samples = map[string]sampled{
	"Tenant.displayName":                 {good: list("A", "云杉 & Söhne (中国)", strings.Repeat("云", 100)), bad: list("   ", "a\nb", "a\u200bb", "a\u202eb")},
	"Tenant.plan":                        {good: list("other"), bad: list("nowhere")},
	"Tenant.release":                     {good: list("0.2.0"), bad: list("9.9.9")},
	"Tenant.subdomain":                   {good: list("elsewhere", strings.Repeat("a", 63)), bad: list("Upper", "-a", "a-", "a.b", "a_b", "xn--a", "www", "公司", "a b")},
	"Tenant.hosts":                       {good: list(list("oa.walk.cn"), list("oa.walk.cn", "xn--fiq228c.com")), bad: list(list("http://a.cn"), list("a.cn:80"), list("*.a.cn"), list("1.2.3.4"), list("a.cn."), list("A.cn"), list("公司.cn"), list("a.cn", "a.cn"), list(""))},
	"Tenant.adminContact.name":           {good: list("王芳", strings.Repeat("王", 100))},
	"Tenant.adminContact.phone":          {good: list("13800000001", "+86 138-0000-0001"), bad: list("call me", "12", "１３８００００")},
	"Tenant.adminContact.mail":           {good: list("it@example.com"), bad: list("it", "a b@c", "<it@example.com>", "a@b@c")},
	"Tenant.timezone":                    {good: list("UTC", "Europe/Berlin", "America/Argentina/Ushuaia"), bad: list("Mars/Phobos", "asia/shanghai", "+08:00", "Local", "../etc/passwd")},
	"Tenant.egress":                      {good: list(list(map[string]any{"cidr": "203.0.113.0/24", "ports": list(int64(443), int64(8443))}), list(map[string]any{"cidr": "2001:db8::/32", "ports": list(int64(1))})), bad: list(list(map[string]any{"cidr": "203.0.113.7/24", "ports": list(int64(443))}), list(map[string]any{"cidr": "0.0.0.0/0", "ports": list(int64(443))}), list(map[string]any{"cidr": "203.0.113.0/24"}), list(map[string]any{"cidr": "203.0.113.0/24", "ports": list()}), list(map[string]any{"cidr": "203.0.113.0/24", "ports": list(int64(0))}), list(map[string]any{"cidr": "203.0.113.0/24", "ports": list(int64(65536))}), list(map[string]any{"cidr": "example.com", "ports": list(int64(443))}))},
	"Tenant.adopt":                       {bad: list("abcdefghij", "none", "Abc", "0123456789", "short")}, // this Tenant has an id
	"Tenant.restoreFrom.backup":          {bad: list("acme-2026-11-22")},                                  // this Tenant was made without it
	"Plan.replicas":                      {good: list(int64(2), int64(3))},
	"Plan.resources.requests.cpu":        {good: list("100m"), bad: list("0", "-1", "3")},
	"Plan.resources.requests.memory":     {good: list("128Mi", "256Mi"), bad: list("31Mi", "0", "2Gi")},
	"Plan.resources.limits.cpu":          {good: list("2", "1500m"), bad: list("10m", "0")},
	"Plan.resources.limits.memory":       {good: list("512Mi", "1Gi"), bad: list("32Mi", "0")},
	"Plan.database.connections":          {good: list(int64(44), int64(500)), bad: list(int64(21)), closed: true}, // replicas is 10 in the walk's base
	"Plan.database.statementTimeout":     {good: list("1s", "10m", "45s"), bad: list("0s", "999ms", "601s", "soon", "-5s")},
	"Plan.placement.databaseServers":     {good: list(map[string]any{"disk": "ssd"}), bad: list(map[string]any{"disk": int64(1)})},
	"Plan.placement.objectStores":        {good: list(map[string]any{"disk": "ssd"}), bad: list(map[string]any{"disk": int64(1)})},
	"DatabaseServer.host":                {bad: list("http://db", "db:5432", "-db", "db_1", "")},
	"DatabaseServer.database":            {bad: list("another"), closed: true},
	"DatabaseServer.caBundle":            {good: list("")},
	"DatabaseServer.adminSecretRef.name": {good: list("another-admin")},
	"DatabaseServer.capacity.bytes":      {good: list("500Gi", "1"), bad: list("0")},
	"ObjectStore.endpoint":               {good: list("https://s3.example.com"), bad: list("minio:9000", "ftp://a", "http://a/b", "http://", "http://a:port", "http://u:p@a")},
	"ObjectStore.purpose":                {good: list("data", nil), bad: list("backup"), closed: true},
	"ObjectStore.issuerSecretRef.name":   {good: list("another-issuer")},
	"ObjectStore.capacity.bytes":         {good: list("500Gi", "1"), bad: list("0")},
	"ObjectStore.region":                 {good: list("cn-north-1")},
	"Release.version":                    {bad: list("v1.0.0", "1.0", "latest", "0.1.1")},
	"Release.image":                      {bad: list("atrium:latest", "a@sha256:12", rig.Image+"0")},
	"Release.schemaVersion":              {bad: list(int64(3)), closed: true},
	"DatabaseServer.sslMode":             {good: list("require", "disable"), closed: true},
}
