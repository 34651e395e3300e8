package env

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
)

// versityScript runs the Versity S3 gateway over a folder in memory: $1 the
// program's folder, $2 the port, $3 the root password. It has no STS; users stand
// in a file, rights with the buckets.
const versityScript = `
mount -t tmpfs -o size=1g tmpfs /srv
mkdir /srv/data /srv/versions /srv/iam
"$1/versitygw" --access atrium-root --secret "$3" --port "127.0.0.1:$2" --iam-dir /srv/iam --iam-cache-disable --quiet \
  posix --versioning-dir /srv/versions /srv/data
exit $?
`

// StartVersity starts the Versity S3 gateway on a free loopback port, in memory.
func StartVersity(rootPassword string) (*Store, error) {
	parts, err := Parts("versitygw")
	if err != nil {
		return nil, err
	}
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	log, err := logFile("versitygw")
	if err != nil {
		return nil, err
	}
	p, err := spawn(versityScript, log, parts["versitygw"], strconv.Itoa(port), rootPassword)
	if err != nil {
		return nil, err
	}
	s := &Store{
		Endpoint:  fmt.Sprintf("http://127.0.0.1:%d", port),
		AccessKey: "atrium-root", SecretKey: rootPassword, process: p, setUser: versityUser, removeUser: versityRemove,
	}
	return s, p.wait("versitygw", func() error {
		conn, err := net.Dial("tcp", s.host())
		if err == nil {
			_ = conn.Close()
		}
		return err
	})
}

var sharedVersity shared[*Store]

// Versity returns this test process's S3 server without STS. Buckets are shared by
// the tests of a process, so they pick names of their own.
func Versity(t testing.TB) *Store {
	t.Helper()
	s, err := sharedVersity.get(func() (*Store, error) { return StartVersity(password()) })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func versityUser(ctx context.Context, s *Store, u User) error {
	role := "user"
	if u.Buckets {
		role = "userplus"
	}
	err := versityAdmin(ctx, s, "create-user", "--access", u.Name, "--secret", u.Secret, "--role", role)
	if err != nil && strings.Contains(err.Error(), "exists") {
		return versityAdmin(ctx, s, "update-user", "--access", u.Name, "--secret", u.Secret)
	}
	return err
}

func versityRemove(ctx context.Context, s *Store, name string) error {
	return versityAdmin(ctx, s, "delete-user", "--access", name)
}

func versityAdmin(ctx context.Context, s *Store, args ...string) error {
	return tool(ctx, "versitygw", nil, append([]string{"admin", "--access", s.AccessKey, "--secret", s.SecretKey, "--endpoint-url", s.Endpoint}, args...)...)
}
