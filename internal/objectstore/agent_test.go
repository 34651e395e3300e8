package objectstore

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/minio/minio-go/v7"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/test/env"
)

// An agent reads the company's bucket, and adds to that of its backups; it can take
// nothing away but locks of repositories.
func TestAgentCredentials(t *testing.T) { onBoth(t, agentCredentials) }

func agentCredentials(t *testing.T, server server) {
	s := server.open(t, nil)
	source, backups, foreign := bucket(), bucket(), bucket()
	for _, name := range []string{source, backups, foreign} {
		ours(t, s, name)
		put(t, s.client, name, "a/b", "before")
	}
	as := func(name, manual string, use Use) *minio.Client {
		if !server.STS {
			access, secret := server.GrantAgent(t, name, manual, name, server.access)
			return server.Client(t, access, secret, "")
		}
		c, err := s.IssueAgent(t.Context(), name, use)
		check(t, err)
		return server.Client(t, c.AccessKey, c.SecretKey, c.SessionToken)
	}
	reads, adds, ctx := as(source, "agent-source", UseSource), as(backups, "agent-backups", UseBackups), t.Context()
	former := versions(t, reads, source)[0].VersionID
	_, err := reads.StatObject(ctx, source, "a/b", minio.StatObjectOptions{VersionID: former})
	check(t, err, list(ctx, adds, backups))
	put(t, adds, backups, "g/1/locks/a", "x")
	check(t, adds.RemoveObject(ctx, backups, "g/1/locks/a", minio.RemoveObjectOptions{}))
	data := put(t, adds, backups, "g/1/data/a", "x").VersionID
	refuses := map[string]error{
		"write to the company's bucket":   s.tryWrite(ctx, reads, source),
		"delete in the company's bucket":  reads.RemoveObject(ctx, source, "a/b", minio.RemoveObjectOptions{}),
		"list another bucket":             list(ctx, reads, foreign),
		"write to another bucket":         s.tryWrite(ctx, adds, foreign),
		"list the company's with another": list(ctx, adds, source),
		"delete a backup":                 adds.RemoveObject(ctx, backups, "g/1/data/a", minio.RemoveObjectOptions{}),
		"delete a manifest":               adds.RemoveObject(ctx, backups, "m/a.json", minio.RemoveObjectOptions{}),
		"remove a version of a backup":    adds.RemoveObject(ctx, backups, "g/1/data/a", minio.RemoveObjectOptions{VersionID: data}),
		"stop versions":                   adds.SuspendVersioning(ctx, backups),
		"remove the bucket":               adds.RemoveBucket(ctx, backups),
	}
	for _, v := range versions(t, s.client, backups) {
		if v.Key == "g/1/locks/a" && !v.IsDeleteMarker {
			refuses["remove a lock's version"] = adds.RemoveObject(ctx, backups, v.Key, minio.RemoveObjectOptions{VersionID: v.VersionID})
		}
	}
	for what, err := range refuses {
		if !refused(err) {
			t.Errorf("the agent may %s: %v", what, err)
		}
	}
}

// What is asked of STS for an agent is what the manual tells administrators to grant.
func TestTheManualGrantsAgentsWhatIsIssued(t *testing.T) {
	for name, use := range map[string]Use{"agent-source": UseSource, "agent-backups": UseBackups} {
		issued, err := policyOf(agentStatements("BUCKET", use))
		check(t, err)
		var want, got any
		check(t, json.Unmarshal([]byte(env.Manual(t, name)), &want), json.Unmarshal([]byte(issued), &got))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: docs/operations.md and the session policy differ (-manual +issued):\n%s", name, diff)
		}
	}
}

func TestCheckAgent(t *testing.T) { onBoth(t, checkAgent) }

func checkAgent(t *testing.T, server server) {
	s, name := server.open(t, nil), bucket()
	ours(t, s, name)
	const source, backups = "agent-source", "agent-backups"
	policy := func(of string) string { return strings.ReplaceAll(env.Manual(t, of), "BUCKET", name) }
	for what, c := range map[string]struct {
		manual string // the policy, if it is the manual's as it stands
		policy string
		use    Use
		reason string // empty: fine
		words  string
	}{
		"source":                  {source, policy(source), UseSource, "", ""},
		"backups":                 {backups, policy(backups), UseBackups, "", ""},
		"source that writes":      {backups, policy(backups), UseSource, v1alpha1.ReasonStaticTooWide, "may write to bucket"},
		"backups that only reads": {source, policy(source), UseBackups, v1alpha1.ReasonStaticRefused, "may not write to bucket"},
		"removes versions":        {"", strings.NewReplacer(`"Effect": "Deny"`, `"Effect": "Allow"`, "g/*/locks/*", "*").Replace(policy(backups)), UseBackups, v1alpha1.ReasonStaticTooWide, "remove former versions"},
		"lists the probe":         {"", strings.Replace(policy(source), name+`"]`, name+`", "arn:aws:s3:::demo-probe"]`, 1), UseSource, v1alpha1.ReasonStaticTooWide, "list bucket demo-probe"},
	} {
		var keys Credentials
		if server.STS {
			u := env.User{Name: "agent", Secret: "agent-secret", Policy: c.policy}
			server.SetUser(t, u)
			keys.AccessKey, keys.SecretKey = u.Name, u.Secret
		} else if c.manual != "" { // policies of users are MinIO's
			keys.AccessKey, keys.SecretKey = server.GrantAgent(t, c.manual, c.manual, name, server.access)
		} else {
			continue
		}
		err := s.CheckAgent(t.Context(), keys, name, c.use, installation, "Secret x")
		if c.reason == "" && err != nil || c.reason != "" && (!fault.Is(err, c.reason) || !strings.Contains(err.Error(), c.words)) {
			t.Errorf("%s: %v, want %q with %q", what, err, c.reason, c.words)
		}
	}
	if left := versions(t, s.client, name); len(left) > 0 {
		t.Errorf("the checks left %d versions behind", len(left))
	}
}
