package faults

import (
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
			all = append(all, move{v, good, why})
		}
	}
	add(true, "sample", sample.good...)
	add(false, "sample", sample.bad...)
	add(false, "of another type", map[string]any{"not": "this"})
	for _, e := range s.Enum {
		add(true, "one of the enum", strings.Trim(string(e.Raw), `"`))
	}
	switch {
	case s.XIntOrString:
		add(false, "no amount", "much", true, "-5")
	case s.Type == "string":
		add(false, "of another type", int64(7), []any{"a"})
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
		add(false, "of another type", "text", 1.5)
		if s.Minimum != nil {
			add(sample.good == nil, "smallest", int64(*s.Minimum))
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
	all = append(all, move{nil, !f.required, "taken out"})
	return all
}

type sampled struct{ good, bad []any }

func list(values ...any) []any { return values }

// samples for what no schema can be asked for. A field that is missing here walks
// by its schema alone.
var samples = map[string]sampled{
	"Tenant.displayName":                 {list("A", "云杉 & Söhne (中国)", strings.Repeat("云", 100)), list("   ", "a\nb", "a\u200bb", "a\u202eb")},
	"Tenant.plan":                        {list("other"), nil},
	"Tenant.release":                     {list("0.2.0"), nil},
	"Tenant.subdomain":                   {list("elsewhere", strings.Repeat("a", 63)), list("Upper", "-a", "a-", "a.b", "a_b", "xn--a", "www", "公司", "a b")},
	"Tenant.hosts":                       {list(list("oa.walk.cn"), list("oa.walk.cn", "xn--fiq228c.com")), list(list("http://a.cn"), list("a.cn:80"), list("*.a.cn"), list("1.2.3.4"), list("a.cn."), list("A.cn"), list("公司.cn"), list("a.cn", "a.cn"), list(""))},
	"Tenant.adminContact.name":           {list("王芳", strings.Repeat("王", 100)), nil},
	"Tenant.adminContact.phone":          {list("13800000001", "+86 138-0000-0001"), list("call me", "12", "１３８００００")},
	"Tenant.adminContact.mail":           {list("it@example.com"), list("it", "a b@c", "<it@example.com>", "a@b@c")},
	"Tenant.timezone":                    {list("UTC", "Europe/Berlin", "America/Argentina/Ushuaia"), list("Mars/Phobos", "asia/shanghai", "+08:00", "Local", "../etc/passwd")},
	"Tenant.egress":                      {list(list(map[string]any{"cidr": "203.0.113.0/24", "ports": list(int64(443), int64(8443))}), list(map[string]any{"cidr": "2001:db8::/32", "ports": list(int64(1))})), list(list(map[string]any{"cidr": "203.0.113.7/24", "ports": list(int64(443))}), list(map[string]any{"cidr": "0.0.0.0/0", "ports": list(int64(443))}), list(map[string]any{"cidr": "203.0.113.0/24"}), list(map[string]any{"cidr": "203.0.113.0/24", "ports": list()}), list(map[string]any{"cidr": "203.0.113.0/24", "ports": list(int64(0))}), list(map[string]any{"cidr": "203.0.113.0/24", "ports": list(int64(65536))}), list(map[string]any{"cidr": "example.com", "ports": list(int64(443))}))},
	"Tenant.adopt":                       {nil, list("abcdefghij", "none", "Abc", "0123456789", "short")}, // this Tenant has an id
	"Plan.replicas":                      {list(int64(2), int64(3)), nil},
	"Plan.resources.requests.cpu":        {list("100m"), list("0", "-1", "3")},
	"Plan.resources.requests.memory":     {list("128Mi", "256Mi"), list("31Mi", "0", "2Gi")},
	"Plan.resources.limits.cpu":          {list("2", "1500m"), list("10m", "0")},
	"Plan.resources.limits.memory":       {list("512Mi", "1Gi"), list("32Mi", "0")},
	"Plan.database.connections":          {list(int64(44)), list(int64(21))}, // replicas is 10 in the walk's base
	"Plan.database.statementTimeout":     {list("1s", "10m", "45s"), list("0s", "999ms", "601s", "soon", "-5s")},
	"Plan.placement.databaseServers":     {list(map[string]any{"disk": "ssd"}), list(map[string]any{"disk": int64(1)})},
	"Plan.placement.objectStores":        {list(map[string]any{"disk": "ssd"}), list(map[string]any{"disk": int64(1)})},
	"DatabaseServer.host":                {nil, list("http://db", "db:5432", "-db", "db_1", "")},
	"DatabaseServer.database":            {nil, list("another")},
	"DatabaseServer.caBundle":            {list(""), nil},
	"DatabaseServer.adminSecretRef.name": {list("another-admin"), nil},
	"DatabaseServer.capacity.bytes":      {list("500Gi", "1"), list("0")},
	"ObjectStore.endpoint":               {list("https://s3.example.com"), list("minio:9000", "ftp://a", "http://a/b", "http://", "http://a:port", "http://u:p@a")},
	"ObjectStore.purpose":                {nil, list("backup")},
	"ObjectStore.issuerSecretRef.name":   {list("another-issuer"), nil},
	"ObjectStore.capacity.bytes":         {list("500Gi", "1"), list("0")},
	"ObjectStore.region":                 {list("cn-north-1"), nil},
	"Release.version":                    {nil, list("v1.0.0", "1.0", "latest", "0.1.1")},
	"Release.image":                      {nil, list("atrium:latest", "a@sha256:12", rig.Image+"0")},
	"Release.schemaVersion":              {nil, list(int64(3))},
}
