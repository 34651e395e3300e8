package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/uptrace/bun"
)

// HeaderIdempotencyKey is required on every mutating method.
const HeaderIdempotencyKey = "Idempotency-Key"

// KeepReplies is how long a repeated request gets the reply of the first: longer
// than a phone stays in a drawer over a holiday.
const KeepReplies = 35 * 24 * time.Hour

const (
	minKey = 8
	maxKey = 128
)

func idempotencyParameter() *huma.Param {
	shortest, longest := minKey, maxKey
	return &huma.Param{
		Name: HeaderIdempotencyKey, In: "header", Required: true,
		Description: "Chosen by the client, new for each intent. A repeated request with the same key and body gets the same reply, for 35 days.",
		Schema:      &huma.Schema{Type: "string", MinLength: &shortest, MaxLength: &longest},
	}
}

// keptReply is the row of a request that succeeded.
type keptReply struct {
	bun.BaseModel `bun:"table:idempotency_key,alias:k"`

	PersonID   kernel.ID         `bun:"person_id,pk,type:uuid"`
	Key        string            `bun:"key,pk"`
	Operation  string            `bun:"operation"`
	BodySHA256 []byte            `bun:"body_sha256,type:bytea"`
	Status     int               `bun:"status"`
	Headers    map[string]string `bun:"headers,type:jsonb"`
	Body       []byte            `bun:"body,type:bytea"`
	CreatedAt  time.Time         `bun:"created_at"`
}

// keptHeaders are those that a repeated reply needs. Cookies are not among them.
var keptHeaders = []string{"Content-Type", "ETag", "Location"}

// errRefused makes the transaction roll back: the handler answered with an error.
var errRefused = errors.New("the handler refused")

// idempotent runs the handler in one transaction with the row of its key, so that
// effects and reply are kept together or not at all. A second request with the
// same key waits for the first one's transaction. A refused request leaves
// nothing: it may be sent again with the same key.
func (s *Server) idempotent(op Op) func(huma.Context, func(huma.Context)) {
	return func(hctx huma.Context, next func(huma.Context)) {
		r, w := humachi.Unwrap(hctx)
		row, body, err := s.keyOf(w, r, op)
		if err != nil {
			WriteProblem(w, r, err)
			return
		}
		answer := &recorder{header: w.Header().Clone()}
		run := func(ctx context.Context) {
			again := r.WithContext(ctx)
			again.Body = io.NopCloser(bytes.NewReader(body))
			next(humachi.NewContext(hctx.Operation(), again, answer))
		}
		if op.SecretReply || op.Repeatable {
			run(r.Context())
		} else {
			err = s.config.DB.InTx(r.Context(), func(ctx context.Context) error { return s.once(ctx, row, answer, run) })
		}
		if err != nil && !errors.Is(err, errRefused) {
			WriteProblem(w, r, s.toProblem(r.Context(), err))
			return
		}
		answer.copyTo(w)
	}
}

// once fills answer: from the kept row if there is one, else by run.
func (s *Server) once(ctx context.Context, row *keptReply, answer *recorder, run func(context.Context)) error {
	db := s.config.DB
	result, err := db.Q(ctx).NewInsert().Model(row).On("CONFLICT DO NOTHING").Exec(ctx)
	if err != nil {
		return fmt.Errorf("take the idempotency key: %w", err)
	}
	if n, err := result.RowsAffected(); err != nil {
		return fmt.Errorf("take the idempotency key: %w", err)
	} else if n == 0 {
		return s.replay(ctx, row, answer)
	}
	run(ctx)
	if err := answer.refusal(); err != nil {
		return err
	}
	row.Status, row.Body, row.Headers = answer.status, answer.body.Bytes(), answer.kept()
	_, err = db.Q(ctx).NewUpdate().Model(row).Column("status", "headers", "body").WherePK().Exec(ctx)
	if err != nil {
		return fmt.Errorf("keep the reply: %w", err)
	}
	return nil
}

func (s *Server) replay(ctx context.Context, asked *keptReply, answer *recorder) error {
	kept := &keptReply{PersonID: asked.PersonID, Key: asked.Key}
	if err := s.config.DB.Q(ctx).NewSelect().Model(kept).WherePK().Scan(ctx); err != nil {
		return fmt.Errorf("read the kept reply: %w", err)
	}
	if kept.Operation != asked.Operation || !bytes.Equal(kept.BodySHA256, asked.BodySHA256) {
		return kernel.Invalid("idempotency_key_reused")
	}
	for name, value := range kept.Headers {
		answer.Header().Set(name, value)
	}
	answer.Header().Set("Idempotency-Replayed", "true")
	answer.WriteHeader(kept.Status)
	_, err := answer.Write(kept.Body)
	return err
}

// keyOf reads the key and the body, within the operation's limit.
func (s *Server) keyOf(w http.ResponseWriter, r *http.Request, op Op) (*keptReply, []byte, error) {
	key := r.Header.Get(HeaderIdempotencyKey)
	if key == "" {
		return nil, nil, kernel.Malformed("idempotency_key_missing")
	}
	if len(key) < minKey || len(key) > maxKey {
		return nil, nil, kernel.Malformed("idempotency_key_malformed").With("min", minKey).With("max", maxKey)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, op.maxBody()))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return nil, nil, kernel.TooLarge("body_too_large").With("max", tooLarge.Limit)
		}
		return nil, nil, kernel.Malformed("body_unreadable").Because(err)
	}
	who, _ := kernel.PrincipalFrom(r.Context())
	sum := sha256.Sum256(body)
	return &keptReply{
		PersonID: who.PersonID, Key: key, Operation: r.Method + " " + r.URL.RequestURI(),
		BodySHA256: sum[:], CreatedAt: s.config.Clock(),
	}, body, nil
}

// ForgetReplies deletes replies that are older than KeepReplies.
func (s *Server) ForgetReplies(ctx context.Context) error {
	_, err := s.config.DB.Q(ctx).NewDelete().Model((*keptReply)(nil)).Where("created_at < ?", s.config.Clock().Add(-KeepReplies)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("forget old replies: %w", err)
	}
	return nil
}

// recorder holds a reply until its transaction is committed.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *recorder) Header() http.Header { return a.header }

func (a *recorder) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *recorder) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

func (a *recorder) refusal() error {
	if a.status >= http.StatusBadRequest {
		return errRefused
	}
	return nil
}

func (a *recorder) kept() map[string]string {
	headers := map[string]string{}
	for _, name := range keptHeaders {
		if value := a.header.Get(name); value != "" {
			headers[name] = value
		}
	}
	return headers
}

func (a *recorder) copyTo(w http.ResponseWriter) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(max(a.status, http.StatusOK))
	_, _ = w.Write(a.body.Bytes()) // the client is gone if this fails; the reply is kept
}
