package agent_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/minio/minio-go/v7"

	"atrium.dev/atrium/internal/postgres"
)

// books are what people write to while a backup runs: transfers that each writer numbers
// without a gap, what follows from them, and papers whose content lies in the bucket.
const books = `
CREATE TABLE book_transfer (writer int, n bigint, from_id int NOT NULL, to_id int NOT NULL, amount int NOT NULL, PRIMARY KEY (writer, n));
CREATE TABLE book_account (id int PRIMARY KEY, balance bigint NOT NULL);
CREATE TABLE book_paper (key text PRIMARY KEY, sha256 text NOT NULL);
INSERT INTO book_account SELECT i, 0 FROM generate_series(0, 9) i`

const (
	writing   = 3  // writers at once
	atLeast   = 10 // transfers of each in a backup: it is not over before
	paperEach = 4  // transfers
)

// writers work without a pause while a backup runs.
type writers struct {
	*company
	acked [writing]atomic.Int64 // transfers, by writer
}

func (c *company) writers() *writers { return &writers{company: c} }

// span is how many transfers of each writer were acknowledged before and after a backup.
type span struct{ before, after [writing]int64 }

// during lets the writers go on while something is done.
func (w *writers) during(do func()) (s span) {
	ctx, stop := context.WithCancel(w.t.Context())
	defer stop()
	var working sync.WaitGroup
	var ending atomic.Bool
	for n := range writing {
		s.before[n] = w.acked[n].Load()
		working.Go(func() {
			for !ending.Load() || w.acked[n].Load() < s.before[n]+atLeast {
				if err := w.transfer(ctx, n); err != nil {
					w.t.Errorf("writer %d: %v", n, err)
					return
				}
			}
		})
	}
	do()
	ending.Store(true)
	working.Wait()
	for n := range writing {
		s.after[n] = w.acked[n].Load()
	}
	return s
}

// transfer makes one more; some also file a paper, and throw an older one away.
func (w *writers) transfer(ctx context.Context, writer int) error {
	d := w.login(1, false)
	conn, err := pgx.Connect(ctx, fmt.Sprintf("postgres://%s:%s@%s:%d/%s?sslmode=disable", d.User, d.Password, d.Host, d.Port, d.Name))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	n := w.acked[writer].Load() + 1
	from, to := (n*7+int64(writer))%10, (n*3+5)%10
	papers := n%paperEach == 0
	key, older := fmt.Sprintf("papers/%d-%d", writer, n), fmt.Sprintf("papers/%d-%d", writer, n-3*paperEach)
	content := strings.Repeat(key, 500)
	if papers {
		if _, err := w.root.PutObject(ctx, w.bucket, key, strings.NewReader(content), int64(len(content)), minio.PutObjectOptions{}); err != nil {
			return err
		}
	}
	script := fmt.Sprintf(`BEGIN; SET LOCAL search_path = %s; SELECT FROM book_account WHERE id IN (%d, %d) ORDER BY id FOR UPDATE;
		INSERT INTO book_transfer VALUES (%d, %d, %[2]d, %[3]d, %[5]d);
		UPDATE book_account SET balance = balance - %[5]d WHERE id = %[2]d; UPDATE book_account SET balance = balance + %[5]d WHERE id = %[3]d;`,
		d.Schema, from, to, writer, n)
	if papers {
		script += fmt.Sprintf(`INSERT INTO book_paper VALUES ('%s', '%x'); DELETE FROM book_paper WHERE key = '%s';`, key, sha256.Sum256([]byte(content)), older)
	}
	if _, err := conn.Exec(ctx, script+"COMMIT", pgx.QueryExecModeSimpleProtocol); err != nil {
		return err
	}
	w.acked[writer].Store(n)
	if !papers {
		return nil
	}
	return w.root.RemoveObject(ctx, w.bucket, older, minio.RemoveObjectOptions{})
}

// balanced says whether the books are those of one moment within a span: no transfer is
// missing before the last one, and all that follows from them is there and no more.
func (c *company) balanced(state map[string]string, s span) {
	c.t.Helper()
	conn, done := c.connect(2)
	defer done()
	n := postgres.NamesOf(id, 2)
	if _, err := conn.Exec(c.t.Context(), "SET ROLE "+n.Owner+"; SET search_path = "+n.Schema, pgx.QueryExecModeSimpleProtocol); err != nil {
		c.t.Fatal(err)
	}
	for writer := range writing {
		var count, last int64
		if err := conn.QueryRow(c.t.Context(), "SELECT count(*), coalesce(max(n), 0) FROM book_transfer WHERE writer = $1", writer).Scan(&count, &last); err != nil {
			c.t.Fatal(err)
		}
		if count != last || last < s.before[writer] || last > s.after[writer] {
			c.t.Errorf("of writer %d there are %d transfers up to number %d; %d were acknowledged before the backup, %d after it", writer, count, last, s.before[writer], s.after[writer])
		}
	}
	var wrong int
	err := conn.QueryRow(c.t.Context(), `SELECT count(*) FROM book_account a WHERE balance <> coalesce((SELECT sum(amount) FROM book_transfer WHERE to_id = a.id), 0)
		- coalesce((SELECT sum(amount) FROM book_transfer WHERE from_id = a.id), 0)`).Scan(&wrong)
	if err != nil || wrong > 0 {
		c.t.Errorf("%d accounts do not follow from the transfers: %v", wrong, err)
	}
	rows, _ := conn.Query(c.t.Context(), "SELECT key, sha256 FROM book_paper")
	papers, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct{ Key, Sum string }])
	if err != nil {
		c.t.Fatal(err)
	}
	for _, p := range papers {
		if !strings.HasSuffix(state["object "+p.Key], " "+p.Sum) {
			c.t.Errorf("a row names %s, and its object is %q", p.Key, state["object "+p.Key])
		}
	}
}

// withoutBooks is a state without what the writers write to.
func withoutBooks(state map[string]string) map[string]string {
	kept := maps.Clone(state)
	maps.DeleteFunc(kept, func(key, _ string) bool {
		return strings.HasPrefix(key, "object papers/") || strings.Contains(key, "book_")
	})
	return kept
}
