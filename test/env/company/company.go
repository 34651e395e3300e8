// Package company runs one company's app on loopback, for tests in a browser and
// for people who work on the app: database, bucket and settings as the operator
// would make them, and the program of this checkout. The platform has no part in it.
package company

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/env"
	"atrium.dev/atrium/test/env/app"
)

const (
	name   = "office" // of the database, its owner and the bucket
	schema = "t_office_1"
)

// Company is one company's app.
type Company struct {
	*app.App
	URL      string // origin that people open
	Token    string // of the first administrator's link
	Password string // of the database's owner
}

// New is a company that keeps its files in dir, with secrets that are new.
func New(dir string) (*Company, error) {
	office, err := app.New(dir)
	if err != nil {
		return nil, err
	}
	return &Company{
		App: office, URL: "http://localhost" + office.Listen[strings.LastIndex(office.Listen, ":"):], Token: rand.Text(), Password: rand.Text(),
	}, nil
}

// FirstLink is the first administrator's one-time link.
func (c *Company) FirstLink() string {
	return c.URL + contract.PathFirstAdmin + "?token=" + c.Token
}

// Settle makes database, bucket and settings files. What is there from an earlier
// run stays.
func (c *Company) Settle(ctx context.Context, postgres *env.Server, store *env.Store) error {
	if _, err := postgres.CreateDatabase(name, c.Password); err != nil && !strings.Contains(err.Error(), "already exists") {
		return err
	}
	if err := postgres.Exec(name, "CREATE SCHEMA IF NOT EXISTS "+schema+" AUTHORIZATION "+name, "ALTER ROLE "+name+" SET search_path = "+schema); err != nil {
		return err
	}
	if err := makeBucket(ctx, store); err != nil {
		return err
	}
	return c.write(postgres, store)
}

func makeBucket(ctx context.Context, store *env.Store) error {
	client, err := minio.New(strings.TrimPrefix(store.Endpoint, "http://"), &minio.Options{
		Creds: credentials.NewStaticV4(store.AccessKey, store.SecretKey, ""), BucketLookup: minio.BucketLookupPath,
	})
	if err != nil {
		return err
	}
	found, err := client.BucketExists(ctx, name)
	if err != nil || found {
		return err
	}
	return client.MakeBucket(ctx, name, minio.MakeBucketOptions{})
}

// write writes what the operator would mount.
func (c *Company) write(postgres *env.Server, store *env.Store) error {
	if err := os.MkdirAll(c.Settings, 0o755); err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(c.Token))
	for file, value := range map[string]any{
		contract.FileSettings: contract.Settings{
			TenantID: name, DisplayName: "云杉科技有限公司", URL: c.URL, Release: app.Release,
			Locale: "zh-CN", Timezone: "Asia/Shanghai", Outbound: true, DataEpoch: 1,
			AdminContact:          contract.Contact{Name: "王芳", Phone: "13800000001"},
			FirstAdminTokenSHA256: hex.EncodeToString(sum[:]),
		},
		contract.FileDatabase: contract.Database{
			Host: postgres.Host, Port: postgres.Port, Name: name, User: name, Password: c.Password,
			Schema: schema, SSLMode: "disable", MaxConns: 8,
		},
		contract.FileBucket: contract.Bucket{
			Endpoint: store.Endpoint, Region: "us-east-1", Name: name, PathStyle: true,
			AccessKey: store.AccessKey, SecretKey: store.SecretKey,
		},
		contract.FileKeys: contract.Keys{Seal: []contract.SealKey{{ID: "loopback", Key: c.sealKey()}}},
	} {
		raw, err := json.MarshalIndent(value, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(c.Settings, file), raw, 0o600); err != nil {
			return fmt.Errorf("write settings: %w", err)
		}
	}
	return nil
}

// sealKey is the same at the next start, as the data of an earlier run stays. What it
// seals is no secret here.
func (c *Company) sealKey() []byte {
	sum := sha256.Sum256([]byte("seal" + c.Password))
	return sum[:]
}

// Seed brings the schema to the program's and fills it with 30 people.
func (c *Company) Seed(ctx context.Context) error {
	if err := c.Run(ctx, contract.CommandMigrate, "up"); err != nil {
		return err
	}
	return c.Run(ctx, contract.CommandSeed)
}
