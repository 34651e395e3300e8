package office_test

import (
	"bytes"
	"flag"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/office"
	"github.com/go-chi/chi/v5"
)

var update = flag.Bool("update", false, "write tenant-app/openapi.json anew")

const openAPIFile = "../../openapi.json"

func bare() *office.Office {
	return office.New(office.Parts{Clock: kernel.SystemClock})
}

func TestOpenAPIFileIsCurrent(t *testing.T) {
	want, err := bare().OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(openAPIFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(openAPIFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("tenant-app/openapi.json is old; run: go run ./tenant-app/internal/office/openapi tenant-app/openapi.json")
	}
}

// Rights are given for an action on a resource, so each operation names both.
func TestEachOperationDeclaresItsActionAndResource(t *testing.T) {
	word := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	seen := map[string]bool{}
	app := bare()
	ops := app.Server.Operations()
	rights := map[string]bool{}
	for _, right := range app.Rights.Rights() {
		rights[right.Name] = true
	}
	if len(ops) < 10 {
		t.Fatalf("only %d operations are registered", len(ops))
	}
	for _, op := range ops {
		if !word.MatchString(op.Action) || !word.MatchString(op.Resource) || !word.MatchString(op.ID) || op.Summary == "" || op.Tag == "" {
			t.Errorf("%s %s: action %q, resource %q, id %q, summary %q, tag %q", op.Method, op.Path, op.Action, op.Resource, op.ID, op.Summary, op.Tag)
		}
		if seen[op.ID] {
			t.Errorf("two operations are called %s", op.ID)
		}
		seen[op.ID] = true
		own := strings.HasPrefix(op.Resource, "own-") || strings.HasPrefix(op.Resource, "attached-")
		if op.Right != "" && !rights[op.Right] {
			t.Errorf("%s needs %s, a right that nobody declared", op.ID, op.Right)
		}
		if op.Right == "" && op.Access != httpapi.Public && !own {
			t.Errorf("%s needs no right: then its resource is a person's own or another object's, and begins with own- or attached-", op.ID)
		}
		if op.Access == httpapi.Public && op.Method != http.MethodGet {
			t.Errorf("%s: replies to mutating operations are kept by person, so it cannot be public", op.ID)
		}
	}
}

// Everything below /api is an operation: nothing goes around the checks.
func TestEverythingBelowAPIIsAnOperation(t *testing.T) {
	server := bare().Server
	declared := map[string]bool{}
	for _, op := range server.Operations() {
		declared[op.Method+" "+httpapi.Prefix+op.Path] = true
	}
	err := chi.Walk(server.Router, func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if strings.HasPrefix(route, "/api") && !declared[method+" "+route] {
			t.Errorf("%s %s was not added by httpapi.Register", method, route)
		}
		delete(declared, method+" "+route)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for route := range declared {
		t.Errorf("%s is declared and not served", route)
	}
}
