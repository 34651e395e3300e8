package objectstore

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/minio/minio-go/v7"

	"atrium.dev/atrium/test/env"
)

const installation = "demo"

var (
	buckets atomic.Int64
	me      = Owner{Installation: installation, TenantID: "abcdefghij"}
	other   = Owner{Installation: installation, TenantID: "zzzzzzzzzz"}
)

// server is an S3 server with an issuer that has the rights of the manual.
type server struct {
	*env.Store
	access, secret string // of the issuer
}

// issuers of this process by endpoint. Tests of this package do not run side by side.
var issuers = map[string][2]string{}

// onBoth runs a test on MinIO, with STS, and on Versity's gateway, without.
func onBoth(t *testing.T, test func(*testing.T, server)) {
	for name, start := range map[string]func(testing.TB) *env.Store{"minio": env.MinIO, "versitygw": env.Versity} {
		t.Run(name, func(t *testing.T) {
			test(t, serve(t, start(t)))
		})
	}
}

func serve(t *testing.T, store *env.Store) server {
	t.Helper()
	s := server{Store: store}
	if known, ok := issuers[store.Endpoint]; ok {
		s.access, s.secret = known[0], known[1]
		return s
	}
	s.access, s.secret = s.Issuer(t, installation)
	issuers[store.Endpoint] = [2]string{s.access, s.secret}
	return s
}

// dial opens MinIO, after a change of its configuration, and names a bucket that
// nobody has.
func dial(t *testing.T, change func(*Config)) (*Store, string) {
	t.Helper()
	return serve(t, env.MinIO(t)).open(t, change), bucket()
}

// open is the store as its issuer sees it, after a change of the configuration.
func (s server) open(t *testing.T, change func(*Config)) *Store {
	t.Helper()
	config := Config{Name: "store", Endpoint: s.Endpoint, Region: "us-east-1", PathStyle: true, AccessKey: s.access, SecretKey: s.secret}
	if change != nil {
		change(&config)
	}
	opened, err := Open(config, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(opened.Close)
	return opened
}

// bucket is a name that nobody has.
func bucket() string { return fmt.Sprintf("%s-abcdefg%03d", installation, buckets.Add(1)) }

// tenant makes a bucket and credentials for it, as the operator or the store's
// administrator does.
func (s server) tenant(t *testing.T, opened *Store) (string, Credentials) {
	t.Helper()
	name := bucket()
	check(t, opened.EnsureBucket(t.Context(), name, me, false))
	if s.STS {
		c, err := opened.Issue(t.Context(), name)
		check(t, err)
		return name, c
	}
	access, secret := s.Grant(t, name, name, s.access)
	return name, Credentials{AccessKey: access, SecretKey: secret}
}

func put(t *testing.T, client *minio.Client, bucket, key, content string) minio.UploadInfo {
	t.Helper()
	info, err := client.PutObject(t.Context(), bucket, key, strings.NewReader(content), int64(len(content)), minio.PutObjectOptions{})
	check(t, err)
	return info
}

func versions(t *testing.T, client *minio.Client, bucket string) (all []minio.ObjectInfo) {
	t.Helper()
	for o := range client.ListObjectsIter(t.Context(), bucket, minio.ListObjectsOptions{Recursive: true, WithVersions: true}) {
		check(t, o.Err)
		all = append(all, o)
	}
	return all
}

func check(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}
