package office_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"github.com/danielgtaylor/huma/v2"
)

// request is what an operation is called with.
type request struct {
	params map[string]string
	query  url.Values
	body   any
	raw    []byte
}

// missing is the request for an object that is not there.
func (r request) missing() request {
	params := map[string]string{}
	for name, value := range r.params {
		if _, err := kernel.ParseID(value); err == nil {
			value = kernel.NewID().String()
		}
		params[name] = value
	}
	r.params = params
	return r
}

// searching are the request and, if it can search, the same for each word.
func (r request) searching(words []string) []request {
	all := []request{r}
	if !r.query.Has("q") {
		return all
	}
	for _, word := range words {
		query := url.Values{}
		for name, values := range r.query {
			query[name] = values
		}
		query.Set("q", word)
		next := r
		next.query = query
		all = append(all, next)
	}
	return all
}

var (
	params = regexp.MustCompile(`/([^/{}]+)((?:/\{\w+\})+)`)
	param  = regexp.MustCompile(`\w+`)
)

type segment struct{ before, name string }

// segments are the ids in a path, each with the word before it.
func segments(path string) []segment {
	var out []segment
	for _, match := range params.FindAllStringSubmatch(path, -1) {
		for _, name := range param.FindAllString(match[2], -1) {
			out = append(out, segment{match[1], name})
		}
	}
	return out
}

// build makes a request by the operation's description; find gives the objects of the path.
func (w *walk) build(op httpapi.Op, who *actor, find func(segment string) (object, error)) (request, error) {
	call := request{params: map[string]string{}, query: url.Values{}}
	var first *object
	for _, s := range segments(op.Path) {
		if first == nil {
			found, err := find(s.before)
			if err != nil {
				return call, err
			}
			first = &found
			call.params[s.name] = found.name()
		}
		if value, ok := first.inner[s.name]; ok {
			call.params[s.name] = value
		}
		if call.params[s.name] == "" {
			return call, fmt.Errorf("the maker of /%s does not tell {%s}", s.before, s.name)
		}
	}
	doc := w.operation(op)
	for _, p := range doc.Parameters {
		if p.In != "query" {
			continue
		}
		if p.Name == "q" {
			call.query.Set("q", "")
		}
		if _, given := w.examples[op.ID].query[p.Name]; p.Required && !given {
			value, err := w.value(p.Schema, p.Name)
			if err != nil {
				return call, err
			}
			call.query.Set(p.Name, fmt.Sprint(value))
		}
	}
	example := w.examples[op.ID]
	if doc.RequestBody != nil && example.body == nil && example.raw == nil {
		media, ok := doc.RequestBody.Content["application/json"]
		if !ok {
			return call, fmt.Errorf("the body is no JSON: give it an example")
		}
		var err error
		if call.body, err = w.value(media.Schema, "body"); err != nil {
			return call, err
		}
	}
	if example.raw != nil {
		call.raw = example.raw(w)
	}
	if example.body != nil {
		call.body = example.body(w, who, call.params)
	}
	for name, value := range example.query {
		call.query.Set(name, value(w, call.params))
	}
	return call, nil
}

func (w *walk) operation(op httpapi.Op) *huma.Operation {
	item := w.o.App.Server.API.OpenAPI().Paths[httpapi.Prefix+op.Path]
	if item == nil {
		return nil // a socket
	}
	return map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "PUT": item.Put, "PATCH": item.Patch, "DELETE": item.Delete}[op.Method]
}

// value makes what a schema asks for; ids are taken from the company by the name of the field.
func (w *walk) value(schema *huma.Schema, name string) (any, error) {
	if schema.Ref != "" {
		schema = w.o.App.Server.API.OpenAPI().Components.Schemas.SchemaFromRef(schema.Ref)
	}
	if len(schema.Enum) > 0 {
		return schema.Enum[0], nil
	}
	switch schema.Type {
	case huma.TypeObject:
		out := map[string]any{}
		for _, field := range schema.Required {
			value, err := w.value(schema.Properties[field], field)
			if err != nil {
				return nil, err
			}
			out[field] = value
		}
		return out, nil
	case huma.TypeArray:
		if schema.MinItems == nil || *schema.MinItems == 0 {
			return []any{}, nil
		}
		value, err := w.value(schema.Items, strings.TrimSuffix(name, "s"))
		return []any{value}, err
	case huma.TypeBoolean:
		return true, nil
	case huma.TypeInteger, huma.TypeNumber:
		if schema.Minimum != nil {
			return *schema.Minimum, nil
		}
		return 1, nil
	}
	return w.text(schema, name)
}

func (w *walk) text(schema *huma.Schema, name string) (any, error) {
	format := schema.Format
	if strings.HasSuffix(name, "Id") {
		format = "uuid" // lists of ids do not say so
	}
	switch format {
	case "uuid":
		id, ok := w.idFor(name)
		if !ok {
			return nil, fmt.Errorf("no id is known for the field %q: add it to idFor, or give the operation an example", name)
		}
		return id, nil
	case "date-time":
		return w.o.Now().Add(24 * time.Hour), nil
	case "date":
		return w.o.Now().Format(time.DateOnly), nil
	}
	return w.unique("文字"), nil
}
