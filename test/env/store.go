package env

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// Store is a running S3 server with its root credentials.
type Store struct {
	Endpoint  string // http://127.0.0.1:port
	AccessKey string
	SecretKey string
	// STS says whether the server gives credentials of limited reach; otherwise its
	// administrator makes users.
	STS     bool
	process *process
	// setUser and removeUser are what its administrator does.
	setUser    func(ctx context.Context, s *Store, u User) error
	removeUser func(ctx context.Context, s *Store, name string) error
}

// User of a store, as its administrator makes one.
type User struct {
	Name   string
	Secret string
	// Policy are the user's rights as IAM statements, where the server keeps those
	// with users.
	Policy string
	// Buckets says that the user makes buckets and owns what it makes, where the
	// server keeps rights with buckets.
	Buckets bool
}

// Stop kills the server with everything in it.
func (s *Store) Stop() { s.process.stop() }

// Client is a client of the store for one of its users.
func (s *Store) Client(t testing.TB, accessKey, secretKey, token string) *minio.Client {
	t.Helper()
	c, err := minio.New(s.host(), &minio.Options{Creds: credentials.NewStaticV4(accessKey, secretKey, token), Region: "us-east-1"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Root is a client with every right.
func (s *Store) Root(t testing.TB) *minio.Client {
	t.Helper()
	return s.Client(t, s.AccessKey, s.SecretKey, "")
}

func (s *Store) host() string { return strings.TrimPrefix(s.Endpoint, "http://") }

// SetUser makes a user, or changes its secret and its rights.
func (s *Store) SetUser(t testing.TB, u User) {
	t.Helper()
	if err := s.setUser(t.Context(), s, u); err != nil {
		t.Fatal(err)
	}
}

// RemoveUser takes a user away.
func (s *Store) RemoveUser(t testing.TB, name string) {
	t.Helper()
	if err := s.removeUser(t.Context(), s, name); err != nil {
		t.Fatal(err)
	}
}

// Issuer makes an issuer that is limited to an installation's buckets by a policy
// (see Manual), and returns its keys.
func (s *Store) Issuer(t testing.TB, installation string) (accessKey, secretKey string) {
	t.Helper()
	u := User{Name: installation + "-issuer", Secret: password(), Policy: strings.ReplaceAll(Manual(t, "issuer"), "INSTALLATION", installation), Buckets: true}
	s.SetUser(t, u)
	return u.Name, u.Secret
}

// Grant makes a user for a tenant's bucket as the manual tells the store's
// administrator, and returns its keys. Issuer is the access key that made the bucket.
func (s *Store) Grant(t testing.TB, user, bucket, issuer string) (accessKey, secretKey string) {
	t.Helper()
	u := User{Name: user, Secret: password(), Policy: strings.ReplaceAll(Manual(t, "tenant"), "BUCKET", bucket)}
	s.SetUser(t, u)
	if s.STS {
		return u.Name, u.Secret
	}
	policy := strings.NewReplacer("BUCKET", bucket, "ISSUER", issuer, "USER", user).Replace(Manual(t, "bucket"))
	if err := s.Root(t).SetBucketPolicy(t.Context(), bucket, policy); err != nil {
		t.Fatal(err)
	}
	return u.Name, u.Secret
}

// GrantAgent makes a user for what the agent does with a bucket (the manual's policy
// agent-source or agent-backups), and returns its keys. Issuer is the access key that
// made the bucket.
func (s *Store) GrantAgent(t testing.TB, user, policy, bucket, issuer string) (accessKey, secretKey string) {
	t.Helper()
	u := User{Name: user, Secret: password(), Policy: strings.ReplaceAll(Manual(t, policy), "BUCKET", bucket)}
	s.SetUser(t, u)
	if s.STS {
		return u.Name, u.Secret
	}
	have, err := s.Root(t).GetBucketPolicy(t.Context(), bucket)
	if err != nil {
		t.Fatal(err)
	}
	document := statements(t, have)
	if len(document.Statement) == 0 { // nobody but the issuer has rights there yet
		document = statements(t, strings.NewReplacer("BUCKET", bucket, "ISSUER", issuer).Replace(Manual(t, "bucket")))
		document.Statement = document.Statement[:1]
	}
	for _, statement := range statements(t, u.Policy).Statement {
		statement["Principal"] = map[string][]string{"AWS": {user}}
		document.Statement = append(document.Statement, statement)
	}
	raw, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Root(t).SetBucketPolicy(t.Context(), bucket, string(raw)); err != nil {
		t.Fatal(err)
	}
	return u.Name, u.Secret
}

type document struct {
	Version   string
	Statement []map[string]any
}

// statements reads a policy; empty: without any.
func statements(t testing.TB, policy string) (d document) {
	t.Helper()
	if policy != "" {
		if err := json.Unmarshal([]byte(policy), &d); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// Manual returns a policy that the operations manual shows for copying: issuer,
// tenant or bucket. What people copy is so what is tested.
func Manual(t testing.TB, name string) string {
	t.Helper()
	root, err := Repository()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(root, "docs/operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(raw), "<!-- policy: "+name+" -->\n```json\n")
	policy, _, closed := strings.Cut(after, "```")
	if !found || !closed || !json.Valid([]byte(policy)) {
		t.Fatalf("docs/operations.md has no policy %s in JSON", name)
	}
	return policy
}

// tools are the programs that were asked for, by part.
var tools sync.Map

// tool runs the program of a part that has its name.
func tool(ctx context.Context, part string, environment []string, args ...string) error {
	program, known := tools.Load(part)
	if !known {
		parts, err := Parts(part)
		if err != nil {
			return err
		}
		program, _ = tools.LoadOrStore(part, filepath.Join(parts[part], part))
	}
	cmd := exec.CommandContext(ctx, program.(string), args...)
	cmd.Env = append(os.Environ(), environment...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", part, strings.Join(args[:min(2, len(args))], " "), err, out)
	}
	return nil
}
