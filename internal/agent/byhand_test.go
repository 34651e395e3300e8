package agent_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/minio/minio-go/v7"

	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/internal/keys"
	"atrium.dev/atrium/internal/postgres"
	"atrium.dev/atrium/test/env"
)

// byHand runs the commands of docs/restore-by-hand.md as somebody would who has lost
// all but the stores and the recovery identity, and compares what they bring back.
func (c *company) byHand(want map[string]string) {
	c.t.Helper()
	const schema = 9
	target := c.bucket + "-by-hand"
	c.makeBucket(target)
	superuser, err := pgx.ParseConfig(env.PostgresServer(c.t).SuperuserDSN(c.db.Name))
	if err != nil {
		c.t.Fatal(err)
	}
	dir := c.t.TempDir()
	script := c.manual(map[string]string{
		"ID": id, "INSTALLATION": c.installation, "BACKUP": "", "IDENTITY": c.wrapped(dir), "WORK": filepath.Join(dir, "work"),
		"STORE": c.store.Endpoint, "STORE_ACCESS_KEY": c.store.AccessKey, "STORE_SECRET_KEY": c.store.SecretKey,
		"TARGET": c.store.Endpoint, "TARGET_ACCESS_KEY": c.store.AccessKey, "TARGET_SECRET_KEY": c.store.SecretKey, "TARGET_BUCKET": target,
		"SCHEMA": postgres.NamesOf(id, schema).Schema, "PGHOST": c.db.Host, "PGPORT": strconv.Itoa(c.db.Port), "PGDATABASE": c.db.Name,
		"PGUSER": superuser.User, "PGPASSWORD": superuser.Password,
	})
	programs := filepath.Dir(env.PostgresProgram(c.t, "psql"))
	if err := os.Symlink(c.config.Restic, filepath.Join(programs, "restic")); err != nil {
		c.t.Fatal(err)
	}
	for _, program := range []string{"age", "rclone", "openssl"} {
		if _, err := exec.LookPath(program); err != nil {
			c.t.Fatalf("%v: `hack/prerequisites parts` installs it", err)
		}
	}
	file := filepath.Join(dir, "commands")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		c.t.Fatal(err)
	}
	bash := exec.CommandContext(c.t.Context(), "bash", "-x", file)
	bash.Env = []string{"PATH=" + programs + ":" + os.Getenv("PATH"), "HOME=" + dir, "LC_ALL=C.UTF-8"}
	said, err := bash.CombinedOutput()
	if err != nil {
		c.t.Fatalf("docs/restore-by-hand.md: %v:\n%s", err, said[max(0, len(said)-4000):])
	}
	got := c.state(schema, target)
	delete(got, "object one") // deleted within the second of the snapshot: it may come along
	if diff := cmp.Diff(want, got); diff != "" {
		c.t.Errorf("docs/restore-by-hand.md brings back something else (-was +is):\n%s", diff)
	}
}

var (
	shell    = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")
	filledIn = regexp.MustCompile(`\b([A-Z_]+)=\S*`)
)

// manual is what the page's shell blocks say, with the values of the first one replaced.
func (c *company) manual(values map[string]string) string {
	c.t.Helper()
	root, err := env.Repository()
	if err != nil {
		c.t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(root, "docs", "restore-by-hand.md"))
	if err != nil {
		c.t.Fatal(err)
	}
	var blocks []string
	for _, block := range shell.FindAllSubmatch(page, -1) {
		blocks = append(blocks, string(block[1]))
	}
	if len(blocks) < 8 {
		c.t.Fatalf("docs/restore-by-hand.md has %d blocks for a shell", len(blocks))
	}
	blocks[0] = filledIn.ReplaceAllStringFunc(blocks[0], func(was string) string {
		name, _, _ := strings.Cut(was, "=")
		value, ok := values[name]
		if !ok {
			c.t.Fatalf("docs/restore-by-hand.md asks for %s, and the test does not know it", name)
		}
		delete(values, name)
		return fmt.Sprintf("%s='%s'", name, value)
	})
	if len(values) > 0 {
		c.t.Fatalf("docs/restore-by-hand.md does not ask for %v", values)
	}
	return strings.Join(blocks, "\n")
}

// wrapped puts what the operator keeps in the backup store beside the agent's files: the
// root key, wrapped, and the sealed identity of the epoch. It gives the file of the
// recovery identity.
func (c *company) wrapped(dir string) string {
	c.t.Helper()
	recovery, err := age.GenerateX25519Identity()
	if err != nil {
		c.t.Fatal(err)
	}
	recipient, err := keys.ParseRecipient(recovery.Recipient().String())
	if err != nil {
		c.t.Fatal(err)
	}
	copied, err := recipient.Wrap(c.key)
	if err != nil {
		c.t.Fatal(err)
	}
	vault := c.installation + "-keys"
	c.makeBucket(vault)
	for bucket, file := range map[string]struct {
		key string
		raw []byte
	}{
		vault:     {id + "/" + c.key.ID() + "-0a1b2c3d.age", copied},
		c.backups: {backup.IdentityOf(c.epoch.ID), c.keys.SealIdentity(c.epoch.ID, []byte(c.epoch.Identity))},
	} {
		if _, err := c.root.PutObject(c.t.Context(), bucket, file.key, bytes.NewReader(file.raw), int64(len(file.raw)), minio.PutObjectOptions{}); err != nil {
			c.t.Fatal(err)
		}
	}
	file := filepath.Join(dir, "recovery-identity.txt")
	if err := os.WriteFile(file, []byte(recovery.String()+"\n"), 0o600); err != nil {
		c.t.Fatal(err)
	}
	return file
}
