package agent_test

import (
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/test/env"
)

// onVersity is a company on a store without STS. Its agent has the keys of users that
// the store's administrator made as the manual says.
func onVersity(t *testing.T) *company {
	t.Helper()
	c := companyOn(t, env.Versity(t))
	c.issuer, _ = c.store.Issuer(t, c.installation)
	c.users = map[string]credentials.Value{}
	c.mayReach(c.bucket, as(c.store, "agent-source"))
	c.mayReach(c.backups, as(c.store, "agent-backups"))
	return c
}

// grant makes a user that reaches a bucket.
type grant func(t testing.TB, user, bucket, issuer string) (access, secret string)

// as grants what the agent needs for a use.
func as(store *env.Store, policy string) grant {
	return func(t testing.TB, user, bucket, issuer string) (string, string) {
		return store.GrantAgent(t, user, policy, bucket, issuer)
	}
}

func (c *company) mayReach(bucket string, by grant) {
	c.t.Helper()
	access, secret := by(c.t, bucket, bucket, c.issuer)
	c.users[bucket] = credentials.Value{AccessKeyID: access, SecretAccessKey: secret}
}

// The whole way there and back, where nobody issues credentials.
func TestBackupsNeedNoSTS(t *testing.T) {
	c := onVersity(t)
	for _, key := range []string{"files/first-gone", "files/then-gone"} {
		c.put(key, "text/plain", []byte(key))
		if err := c.root.RemoveObject(t.Context(), c.bucket, key, minio.RemoveObjectOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	c.passed(time.Now())
	c.roundTrip()
	for o := range c.root.ListObjectsIter(t.Context(), c.backups, minio.ListObjectsOptions{Prefix: backup.RepositoryOf("g1") + "/locks/", Recursive: true}) {
		t.Errorf("%s is left, %v", o.Key, o.Err)
	}
}
