//go:build soak

package agent_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/minio/minio-go/v7"

	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/internal/postgres"
	"atrium.dev/atrium/test/env"
)

func timed(do func()) time.Duration {
	began := time.Now()
	do()
	return time.Since(began).Round(time.Millisecond)
}

// said runs a program and gives what it prints.
func said(t *testing.T, environment []string, program string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = environment
	var wrong bytes.Buffer
	cmd.Stderr = &wrong
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v: %.2000s", program, err, wrong.String())
	}
	return string(out)
}

// postgres runs a client program with the login of backups.
func (c *company) postgres(program string, args ...string) string {
	c.t.Helper()
	d := c.task("", "").Database
	return said(c.t, postgresAt(d.Host, d.Port, d.Name, d.User, d.Password), env.PostgresProgram(c.t, program), args...)
}

func postgresAt(host string, port int, name, user, password string) []string {
	return []string{"PGHOST=" + host, "PGPORT=" + strconv.Itoa(port), "PGDATABASE=" + name, "PGUSER=" + user, "PGPASSWORD=" + password, "PGSSLMODE=disable"}
}

// superuser may open more connections than the login of backups, as pg_dump -j does.
func (c *company) superuser(database string) (environment []string) {
	c.t.Helper()
	who, err := pgx.ParseConfig(env.PostgresServer(c.t).SuperuserDSN(database))
	if err != nil {
		c.t.Fatal(err)
	}
	return postgresAt(c.db.Host, c.db.Port, database, who.User, who.Password)
}

// elsewhere is a database of the same server that lacks the company's first schema,
// for pg_restore.
func (c *company) elsewhere() (name string) {
	c.t.Helper()
	name = "elsewhere"
	server := env.PostgresServer(c.t)
	drop := func() {
		if err := server.Exec("postgres", "DROP DATABASE IF EXISTS "+name); err != nil {
			c.t.Error(err)
		}
	}
	drop()
	c.t.Cleanup(drop)
	if err := server.Exec("postgres", "CREATE DATABASE "+name+" TEMPLATE "+template); err != nil {
		c.t.Fatal(err)
	}
	if err := server.Exec(name, "DROP SCHEMA "+postgres.NamesOf(id, 1).Schema+" CASCADE"); err != nil {
		c.t.Fatal(err)
	}
	return name
}

// rclone copies a bucket into another one, as if they were of two servers.
func (c *company) rclone(from, to string) {
	c.t.Helper()
	environment := []string{"HOME=" + c.t.TempDir(), "RCLONE_S3_NO_CHECK_BUCKET=true"}
	for _, side := range []string{"FROM", "TO"} {
		prefix := "RCLONE_CONFIG_" + side + "_"
		environment = append(environment, prefix+"TYPE=s3", prefix+"PROVIDER=Minio", prefix+"ENDPOINT="+c.store.Endpoint,
			prefix+"ACCESS_KEY_ID="+c.store.AccessKey, prefix+"SECRET_ACCESS_KEY="+c.store.SecretKey)
	}
	said(c.t, environment, "rclone", "copy", "from:"+from, "to:"+to)
}

// cost is what a run of the agent took, with the programs that it started.
type cost struct {
	took, processor time.Duration
	self, others    int64 // peak resident memory, MiB
}

func (c cost) String() string {
	return fmt.Sprintf("%s, %s of processor, at most %d MiB in the agent and %d in a program of it", c.took, c.processor.Round(10*time.Millisecond), c.self, c.others)
}

// cost runs the agent as a process of its own, which has to end well.
func (c *company) cost(command string, task backup.Task) (was cost) {
	c.t.Helper()
	cmd := c.process(command, task)
	var wrong bytes.Buffer
	cmd.Stderr = &wrong
	var out []byte
	var err error
	was.took = timed(func() { out, err = cmd.Output() })
	var took usage
	if err != nil || json.Unmarshal(out, &took) != nil || took.Code != 0 {
		c.t.Fatalf("%s %s: %v: %s %.2000s", command, task.Backup, err, out, wrong.String())
	}
	was.processor = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	was.self, was.others = took.Self>>10, took.Others>>10
	return was
}

// messages adds messages of about 470 bytes, a third of which is left when packed, in
// the order in which the app makes them.
func (c *company) messages(from, to int) {
	c.t.Helper()
	const words = "translate(md5('a' || n) || md5('b' || n) || md5('c' || n), '0123456789abcdef', '的一是不了在人有我他这中大来上国')"
	c.exec(1, fmt.Sprintf(`SET statement_timeout = 0; INSERT INTO chat_message (id, room_id, seq, author_id, kind, text, at)
		SELECT (lpad(to_hex(1760000000000 + n), 12, '0') || '70008' || substr(md5('id' || n), 1, 15))::uuid, md5('room' || n %% 500)::uuid, n, md5('person' || n %% 300)::uuid,
			'text', %s, timestamptz '2026-01-01Z' + n * interval '1 second' FROM generate_series(%d, %d) n`, words, from+1, to))
}

// objects adds files that cannot be packed.
func (c *company) objects(from, to, size int) {
	c.t.Helper()
	queue := make(chan int)
	var putting sync.WaitGroup
	for worker := range 4 {
		putting.Go(func() {
			source, content := rand.NewChaCha8([32]byte{byte(worker), byte(from), byte(from >> 8), byte(from >> 16)}), make([]byte, size)
			for n := range queue {
				_, _ = source.Read(content)
				if _, err := c.root.PutObject(c.t.Context(), c.bucket, fmt.Sprintf("files/%07d", n), bytes.NewReader(content), int64(size), minio.PutObjectOptions{ContentType: "application/pdf"}); err != nil {
					c.t.Error(err)
				}
			}
		})
	}
	for n := from; n < to; n++ {
		queue <- n
	}
	close(queue)
	putting.Wait()
}

// lies is what a bucket holds, with all of its versions.
func (c *company) lies(bucket string) (objects int, bytes int64) {
	c.t.Helper()
	for o := range c.root.ListObjectsIter(c.t.Context(), bucket, minio.ListObjectsOptions{Recursive: true, WithVersions: true}) {
		if o.Err != nil {
			c.t.Fatal(o.Err)
		}
		objects, bytes = objects+1, bytes+o.Size
	}
	return objects, bytes
}
