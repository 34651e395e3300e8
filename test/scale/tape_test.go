package scale

import (
	"bytes"
	"context"
	"crypto/md5" //nolint:gosec // S3 asks for it
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/minio/minio-go/v7/pkg/signer"

	"atrium.dev/atrium/test/env"
)

// call is one thing that the operator did for a company.
type call struct {
	// Of HTTP, to the API server or the store.
	store             bool
	method, path, typ string
	body              []byte
	sts               bool
	// Of SQL.
	sql  string
	args []any
	conn *pgx.Conn
}

// measures says whether a statement looks at a server rather than at a company.
func (c call) measures() bool {
	for _, part := range []string{"split_part", "SET heartbeat", "pg_stat_archiver", "pg_database_size", "pg_ls_", "pg_tablespace_size"} {
		if strings.Contains(c.sql, part) {
			return true
		}
	}
	return false
}

// ofCompany leaves out the transactions that measure servers; they have connections
// of their own, so they may stand in between.
func ofCompany(calls []call) (left []call) {
	drop := map[int]bool{}
	open := map[*pgx.Conn][]int{}
	for i, c := range calls {
		if c.sql == "" {
			continue
		}
		drop[i] = c.measures()
		within, inside := open[c.conn]
		switch {
		case c.sql == "begin":
			open[c.conn] = []int{i}
		case inside && (c.sql == "commit" || c.sql == "rollback"):
			for _, j := range within {
				drop[i] = drop[i] || drop[j]
			}
			for _, j := range within {
				drop[j] = drop[i]
			}
			delete(open, c.conn)
		case inside:
			open[c.conn] = append(within, i)
		}
	}
	for i, c := range calls {
		if !drop[i] {
			left = append(left, c)
		}
	}
	return left
}

// tape records what an operator does, so that a script can do the same.
type tape struct {
	mu    sync.Mutex
	on    bool
	calls []call
}

func (r *tape) record(c call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.on {
		r.calls = append(r.calls, c)
	}
}

func (r *tape) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.on, r.calls = true, nil
}

// end returns what was recorded for one company, without what measures servers.
func (r *tape) end() []call {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.on = false
	return ofCompany(r.calls)
}

// through records the requests that write.
func (r *tape) through(next http.RoundTripper, store bool) http.RoundTripper {
	return env.RoundTripper(func(request *http.Request) (*http.Response, error) {
		quiet := request.Method == http.MethodGet || request.Method == http.MethodHead ||
			strings.Contains(request.URL.Path, "/events") || strings.Contains(request.URL.Path, "/leases")
		if !quiet {
			var body []byte
			if request.Body != nil {
				var err error
				if body, err = io.ReadAll(request.Body); err != nil {
					return nil, err
				}
				_ = request.Body.Close()
				request.Body = io.NopCloser(bytes.NewReader(body))
			}
			path := request.URL.Path
			if request.URL.RawQuery != "" {
				path += "?" + request.URL.RawQuery
			}
			r.record(call{
				store: store, method: request.Method, path: path, typ: request.Header.Get("Content-Type"), body: body,
				sts: strings.Contains(request.Header.Get("Authorization"), "/sts/aws4_request"),
			})
		}
		return next.RoundTrip(request)
	})
}

// TraceQueryStart implements pgx.QueryTracer.
func (r *tape) TraceQueryStart(ctx context.Context, conn *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	r.record(call{sql: data.SQL, args: data.Args, conn: conn})
	return ctx
}

// TraceQueryEnd implements pgx.QueryTracer.
func (*tape) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// script does what was recorded for one company again for others.
type script struct {
	calls    []call
	name, id string // of the company that was recorded
	api      *http.Client
	host     string // URL of the API server
	store    *env.Store
	pool     *pgxpool.Pool
}

var fenced = regexp.MustCompile(`"(resourceVersion|uid)":"[^"]*",?`)

// onboard makes one company. ready is called where the operator waits for pods.
func (s *script) onboard(ctx context.Context, name, id string, ready func(path string) error) error {
	rename := strings.NewReplacer(s.name, name, s.id, id)
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	for _, c := range s.calls {
		if c.sql != "" {
			if _, err := conn.Exec(ctx, rename.Replace(c.sql), renamed(rename, c.args)...); err != nil {
				return fmt.Errorf("%s: %w", c.sql, err)
			}
			continue
		}
		if err := s.send(ctx, c, rename); err != nil {
			return err
		}
		if err := ready(rename.Replace(c.path)); err != nil {
			return err
		}
	}
	return nil
}

func renamed(rename *strings.Replacer, args []any) []any {
	now := make([]any, len(args))
	for i, arg := range args {
		switch v := arg.(type) {
		case string:
			now[i] = rename.Replace(v)
		case []string:
			for _, one := range v {
				list, _ := now[i].([]string)
				now[i] = append(list, rename.Replace(one))
			}
		default:
			now[i] = arg
		}
	}
	return now
}

func (s *script) send(ctx context.Context, c call, rename *strings.Replacer) error {
	base, body := s.host, []byte(rename.Replace(string(c.body)))
	if c.store {
		base = s.store.Endpoint
	} else {
		body = bytes.ReplaceAll(fenced.ReplaceAll(body, nil), []byte(",}"), []byte("}"))
	}
	request, err := http.NewRequestWithContext(ctx, c.method, base+rename.Replace(c.path), bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", c.typ)
	client := s.api
	if c.store {
		request, client = s.signed(request, c, body), http.DefaultClient
	}
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	said, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	if err == nil && answer.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s: %s: %s", c.method, request.URL.Path, answer.Status, said)
	}
	return err
}

func (s *script) signed(request *http.Request, c call, body []byte) *http.Request {
	sum, digest := sha256.Sum256(body), md5.Sum(body) //nolint:gosec // S3 asks for it
	request.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(sum[:]))
	if c.sts {
		return signer.SignV4STS(*request, s.store.AccessKey, s.store.SecretKey, "us-east-1")
	}
	request.Header.Set("Content-Md5", base64.StdEncoding.EncodeToString(digest[:]))
	return signer.SignV4(*request, s.store.AccessKey, s.store.SecretKey, "", "us-east-1")
}
