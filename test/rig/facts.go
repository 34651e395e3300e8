package rig

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/minio/minio-go/v7"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"

	"atrium.dev/atrium/api/v1alpha1"
)

// Facts are all that exists of one tenant in the cluster, the database and the
// store, as path = value. The tenant's name, its id and times are taken out, so that
// the facts of two tenants can be compared. They are looked up in every kind that
// the API server knows, so that what a new step makes is among them.
type Facts map[string]string

// Census finds the facts of tenants (name to id), and what belongs to none of the
// ids: orphans.
func (r *Rig) Census(ids map[string]string) (facts map[string]Facts, orphans []string) {
	r.T.Helper()
	c := &census{rig: r, ids: ids, facts: map[string]Facts{}, byID: map[string]string{}, lone: map[string]bool{}}
	for name, id := range ids {
		c.facts[name] = Facts{}
		c.byID[id] = name
	}
	c.objects()
	c.database()
	c.buckets()
	return c.facts, slices.Sorted(maps.Keys(c.lone))
}

type census struct {
	rig   *Rig
	ids   map[string]string
	byID  map[string]string // id to name
	facts map[string]Facts
	lone  map[string]bool
}

var (
	moment   = regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d(:?\d\d)?)?`)
	shortHex = regexp.MustCompile(`\b[0-9a-f]{8,40}\b`)
	aUID     = regexp.MustCompile(`\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b`)
	tenantID = regexp.MustCompile(`^[a-z][a-z2-7]{9}$`)
)

func (c *census) add(name, path, value string) {
	clean := strings.NewReplacer(c.ids[name], "<id>", name, "<name>")
	value = aUID.ReplaceAllString(value, "<uid>")
	path = shortHex.ReplaceAllString(clean.Replace(path), "<hex>")
	value = moment.ReplaceAllString(shortHex.ReplaceAllString(clean.Replace(value), "<hex>"), "<time>")
	for c.facts[name][path] != "" { // two objects whose names differ by chance alone
		path += "'"
	}
	c.facts[name][path] = value
}

// flatten adds each leaf of a value under its path.
func (c *census) flatten(name, path string, value any) {
	switch v := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			c.flatten(name, path+"."+key, v[key])
		}
	case []any:
		for i, item := range v {
			at := fmt.Sprintf("%s[%d]", path, i)
			if m, ok := item.(map[string]any); ok && m["type"] != nil && m["status"] != nil {
				at = fmt.Sprintf("%s[%v]", path, m["type"]) // a condition
			}
			c.flatten(name, at, item)
		}
	case string:
		var inner map[string]any
		if json.Unmarshal([]byte(v), &inner) == nil {
			c.flatten(name, path, inner)
			return
		}
		c.add(name, path, v)
	default:
		c.add(name, path, fmt.Sprint(v))
	}
}

// objects of every kind that the API server lists.
func (c *census) objects() {
	r := c.rig
	client, err := discovery.NewDiscoveryClientForConfig(r.Config)
	Check(r.T, err)
	lists, err := client.ServerPreferredResources()
	Check(r.T, err)
	for _, list := range lists {
		group, err := schema.ParseGroupVersion(list.GroupVersion)
		Check(r.T, err)
		for _, kind := range list.APIResources {
			if !slices.Contains(kind.Verbs, "list") || kind.Kind == "Event" || kind.Kind == "ComponentStatus" {
				continue
			}
			var all unstructured.UnstructuredList
			all.SetGroupVersionKind(group.WithKind(kind.Kind + "List"))
			Check(r.T, r.Client.List(r.T.Context(), &all))
			for i := range all.Items {
				c.object(&all.Items[i])
			}
		}
	}
}

func (c *census) object(o *unstructured.Unstructured) {
	path := fmt.Sprintf("%s %s/%s", o.GetKind(), o.GetNamespace(), o.GetName())
	name, known := c.whose(o)
	if !known {
		if o.GetLabels()[v1alpha1.LabelTenantID] != "" {
			c.lone[path] = true
		}
		return
	}
	fields := o.DeepCopy().Object
	metadata := fields["metadata"].(map[string]any)
	for _, chance := range []string{"uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "generateName", "ownerReferences"} {
		delete(metadata, chance)
	}
	if o.GetKind() != "Tenant" {
		delete(fields, "status") // written by hands
	}
	if spec, ok := fields["spec"].(map[string]any); ok && o.GetKind() == "Service" {
		delete(spec, "clusterIP")
		delete(spec, "clusterIPs")
	}
	if data, ok := fields["data"].(map[string]any); ok && o.GetKind() == "Secret" {
		for key, value := range data {
			raw, err := base64.StdEncoding.DecodeString(fmt.Sprint(value))
			Check(c.rig.T, err)
			data[key] = string(raw)
		}
	}
	c.flatten(name, path, fields)
}

// whose an object is: by its label, or by the namespace that it lies in.
func (c *census) whose(o *unstructured.Unstructured) (name string, known bool) {
	if name, known = c.byID[o.GetLabels()[v1alpha1.LabelTenantID]]; known {
		return name, true
	}
	name = strings.TrimPrefix(o.GetNamespace(), v1alpha1.NamespacePrefix)
	if o.GetKind() == "Tenant" {
		name = o.GetName()
	}
	_, known = c.ids[name]
	return name, known
}

// censusQuery answers with a path, the id and facts as JSON.
const censusQuery = `
SELECT 'registry row', id, to_jsonb(t) - 'fence' FROM atrium.tenants t WHERE installation = $1
UNION ALL
SELECT 'role ' || r.rolname, split_part(r.rolname, '_', 2), jsonb_build_object('attributes', to_jsonb(r) - 'oid' - 'rolpassword',
       'password', a.rolpassword IS NOT NULL,
       'of', (SELECT jsonb_agg(concat_ws(' ', g.rolname, m.inherit_option, m.set_option, m.admin_option) ORDER BY g.rolname, m.grantor)
              FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid),
       'members', (SELECT jsonb_agg(concat_ws(' ', g.rolname, m.inherit_option, m.set_option, m.admin_option) ORDER BY g.rolname, m.grantor)
              FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.member WHERE m.roleid = r.oid))
FROM pg_roles r JOIN pg_authid a USING (oid) WHERE r.rolname LIKE 't\_%'
UNION ALL
SELECT 'schema ' || n.nspname, split_part(n.nspname, '_', 2), jsonb_build_object('owner', pg_get_userbyid(n.nspowner), 'acl', n.nspacl::text,
       'comment', obj_description(n.oid),
       'defaults', (SELECT jsonb_agg(concat_ws(' ', d.defaclobjtype, pg_get_userbyid(d.defaclrole), d.defaclacl) ORDER BY d.defaclobjtype) FROM pg_default_acl d WHERE d.defaclnamespace = n.oid),
       'tables', (SELECT jsonb_agg(concat_ws(' ', c.relname, c.relkind) ORDER BY c.relname) FROM pg_class c WHERE c.relnamespace = n.oid))
FROM pg_namespace n WHERE n.nspname LIKE 't\_%'`

// database looks at registry, roles and schemas. Roles belong to the whole server,
// which other tests use as well; a role alone is an orphan only where its row says
// that it is gone, which the rows' own facts show.
func (c *census) database() {
	c.rig.AsSuperuser(func(conn *pgx.Conn) {
		rows, err := conn.Query(c.rig.T.Context(), censusQuery, c.rig.Installation)
		Check(c.rig.T, err)
		var path, id string
		var value map[string]any
		_, err = pgx.ForEachRow(rows, []any{&path, &id, &value}, func() error {
			if name, known := c.byID[id]; known {
				c.flatten(name, path, value)
			} else if !strings.HasPrefix(path, "role ") {
				c.lone[path+" of "+id] = true
			}
			value = nil
			return nil
		})
		Check(c.rig.T, err)
	})
}

// buckets of the installation.
func (c *census) buckets() {
	r, root := c.rig, c.rig.Root()
	all, err := root.ListBuckets(r.T.Context())
	Check(r.T, err)
	for _, bucket := range all {
		id, ours := strings.CutPrefix(bucket.Name, r.Installation+"-")
		if !ours {
			continue
		}
		if !tenantID.MatchString(id) {
			c.copies(bucket.Name)
			continue
		}
		name, known := c.byID[id]
		if !known {
			c.lone["bucket "+bucket.Name] = true
			continue
		}
		path := "bucket " + bucket.Name
		versioning, err := root.GetBucketVersioning(r.T.Context(), bucket.Name)
		Check(r.T, err)
		policy, err := root.GetBucketPolicy(r.T.Context(), bucket.Name)
		Check(r.T, err)
		c.add(name, path+".versioning", "status "+versioning.Status)
		c.add(name, path+".policy", "policy "+policy)
		if tags, err := root.GetBucketTagging(r.T.Context(), bucket.Name); err == nil {
			for key, value := range tags.ToMap() {
				c.add(name, path+".tags."+key, value)
			}
		}
		for object := range root.ListObjectsIter(r.T.Context(), bucket.Name, minio.ListObjectsOptions{Recursive: true, WithVersions: true}) {
			Check(r.T, object.Err)
			c.add(name, path+".object."+object.Key, fmt.Sprint(object.Size, object.IsDeleteMarker))
		}
	}
}

// copies are objects of a bucket that all tenants share, each under a tenant's id:
// wrapped keys.
func (c *census) copies(bucket string) {
	list := minio.ListObjectsOptions{Recursive: true, WithVersions: true}
	for object := range c.rig.Root().ListObjectsIter(c.rig.T.Context(), bucket, list) {
		Check(c.rig.T, object.Err)
		id, _, _ := strings.Cut(object.Key, "/")
		if name, known := c.byID[id]; known {
			c.add(name, "bucket "+bucket+".object."+object.Key, fmt.Sprint(object.Size, object.IsDeleteMarker))
		} else if tenantID.MatchString(id) {
			c.lone["object "+bucket+"/"+object.Key] = true
		}
	}
}

// Chance are the paths whose values differ between two tenants that nothing
// disturbed; odd are those that only one of the two has.
func (f Facts) Chance(other Facts) (paths map[string]bool, odd []string) {
	paths = map[string]bool{}
	for path, value := range f {
		if now, there := other[path]; !there {
			odd = append(odd, "only one has "+path)
		} else if now != value {
			paths[path] = true
		}
	}
	for path := range other {
		if _, there := f[path]; !there {
			odd = append(odd, "only the other has "+path)
		}
	}
	slices.Sort(odd)
	return paths, odd
}

// Differ lists in what facts are not as wanted; paths of chance may have any value.
func (f Facts) Differ(want Facts, chance map[string]bool) (differences []string) {
	for path, value := range f {
		if wanted, there := want[path]; !there {
			differences = append(differences, fmt.Sprintf("too much: %s = %s", path, value))
		} else if value != wanted && !chance[path] {
			differences = append(differences, fmt.Sprintf("%s = %s, want %s", path, value, wanted))
		}
	}
	for path := range want {
		if _, there := f[path]; !there {
			differences = append(differences, "missing: "+path)
		}
	}
	slices.Sort(differences)
	return differences
}
