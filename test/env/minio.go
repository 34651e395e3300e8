package env

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"
)

// minioScript runs MinIO: $1 the program's folder, $2 the port, $3 the root
// password, $4 the data folder or empty for one in memory.
const minioScript = `
data="$4"
if [ -z "$data" ]; then mount -t tmpfs -o size=4g tmpfs /srv; data=/srv; fi
MINIO_ROOT_USER=atrium-root MINIO_ROOT_PASSWORD="$3" MINIO_BROWSER=off MINIO_UPDATE=off "$1/minio" server --quiet --address "127.0.0.1:$2" "$data"
exit $?
`

// StartMinIO starts MinIO on a loopback port (0: a free one), in memory unless a
// data folder is given.
func StartMinIO(data string, port int, rootPassword string) (*Store, error) {
	parts, err := Parts("minio")
	if err != nil {
		return nil, err
	}
	if port == 0 {
		if port, err = FreePort(); err != nil {
			return nil, err
		}
	}
	log, err := logFile("minio")
	if err != nil {
		return nil, err
	}
	p, err := spawn(minioScript, log, parts["minio"], strconv.Itoa(port), rootPassword, data)
	if err != nil {
		return nil, err
	}
	s := &Store{
		Endpoint:  fmt.Sprintf("http://127.0.0.1:%d", port),
		AccessKey: "atrium-root", SecretKey: rootPassword, process: p, STS: true, setUser: minioUser,
		removeUser: func(ctx context.Context, s *Store, name string) error { return minioAdmin(ctx, s, "remove-user", name) },
	}
	client := http.Client{Timeout: 2 * time.Second}
	return s, p.wait("MinIO", func() error {
		answer, err := client.Get(s.Endpoint + "/minio/health/ready")
		if err != nil {
			return err
		}
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("it answers %s", answer.Status)
		}
		return nil
	})
}

var sharedMinIO shared[*Store]

// MinIO returns this test process's S3 server. Buckets are shared by the tests of
// a process, so they pick names of their own.
func MinIO(t testing.TB) *Store {
	t.Helper()
	s, err := sharedMinIO.get(func() (*Store, error) { return StartMinIO("", 0, password()) })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func minioUser(ctx context.Context, s *Store, u User) error {
	dir, err := os.MkdirTemp("", "atrium-policy-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "policy.json")
	if err := os.WriteFile(file, []byte(u.Policy), 0o600); err != nil {
		return err
	}
	return minioAdmin(ctx, s, "set-user", u.Name, u.Secret, file)
}

func minioAdmin(ctx context.Context, s *Store, args ...string) error {
	return tool(ctx, "minioadmin", []string{"MINIO_ROOT_USER=" + s.AccessKey, "MINIO_ROOT_PASSWORD=" + s.SecretKey}, append([]string{s.host()}, args...)...)
}

// Cache is the folder that outlives a checkout: parts, images and the office's data.
func Cache() (string, error) {
	if dir := os.Getenv("ATRIUM_CACHE"); dir != "" {
		return dir, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find the cache: %w; set ATRIUM_CACHE", err)
	}
	return filepath.Join(home, ".cache", "atrium"), nil
}

type counter struct{ n atomic.Int64 }

func (c *counter) next() int { return int(c.n.Add(1)) }
