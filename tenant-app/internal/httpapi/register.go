package httpapi

import (
	"context"
	"net/http"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
)

// Access is who may use an operation at all.
type Access int

// The classes of people, the second one wider.
const (
	SignedIn Access = iota // anyone with a session
	Public                 // anyone, signed in or not
)

// Op describes an operation. Action and Resource are what a right is given for:
// read, create, update, delete or a verb of the module, on a kind of object. Right is
// checked before the handler runs; which rows it reaches is up to the handler, by
// authz.Filter. An operation without a Right serves people what is their own, and its
// Resource begins with "own-"; or what hangs on an object of another module, which is
// asked whether they may, and then it begins with "attached-".
type Op struct {
	ID       string // lower-case words with dashes, for example list-people
	Method   string
	Path     string // below /api/v1
	Summary  string
	Tag      string
	Action   string
	Resource string
	Access   Access
	Right    string // that the person must hold, module.action; empty: none
	Status   int    // of success; 200 if zero, 204 if the handler has no body
	MaxBody  int64  // bytes; DefaultMaxBody if zero

	// BeforeConsent is for what people need who have not agreed to the texts yet: who they
	// are, and signing out. Its path has no parameters.
	BeforeConsent bool

	// SecretReply is for operations whose reply holds a secret, or that end the
	// session, and that may run again without harm: their reply is not kept for
	// repeated requests, and they make their own transactions.
	SecretReply bool

	// Repeatable is for operations whose repeat finds by itself what the first one made,
	// by an id of the client's or because a state is set: no reply is kept for them, and
	// they make their own transactions.
	Repeatable bool
}

// Prefix stands before the path of every operation.
const Prefix = "/api/v1"

// Register adds an operation. In the handler the context carries the principal
// and, for mutating methods, the transaction that also keeps the reply; an error
// rolls back. Errors of type *kernel.Error become problem+json.
func Register[I, O any](s *Server, op Op, handler func(context.Context, *I) (*O, error)) {
	s.ops = append(s.ops, op)
	doc := huma.Operation{
		OperationID: op.ID, Method: op.Method, Path: Prefix + op.Path, Summary: op.Summary, Tags: []string{op.Tag},
		DefaultStatus: op.Status, MaxBodyBytes: op.maxBody(), Errors: op.errors(),
		Extensions:  op.extensions(),
		Middlewares: huma.Middlewares{s.authorize(op)},
	}
	if op.mutates() {
		doc.Parameters = append(doc.Parameters, idempotencyParameter())
		doc.Middlewares = append(doc.Middlewares, s.idempotent(op))
	}
	huma.Register(s.API, doc, func(ctx context.Context, in *I) (*O, error) {
		out, err := handler(ctx, in)
		if err != nil {
			return nil, s.toProblem(ctx, err)
		}
		return out, nil
	})
}

// extensions tell in the description what the operation needs.
func (op Op) extensions() map[string]any {
	made := map[string]any{"x-action": op.Action, "x-resource": op.Resource}
	if op.Right != "" {
		made["x-right"] = op.Right
	}
	return made
}

func (op Op) mutates() bool {
	return op.Method != http.MethodGet && op.Method != http.MethodHead
}

func (op Op) maxBody() int64 {
	if op.MaxBody == 0 {
		return DefaultMaxBody
	}
	return op.MaxBody
}

// errors are the statuses that an operation can answer with besides success.
func (op Op) errors() []int {
	codes := []int{http.StatusBadRequest, http.StatusUnprocessableEntity}
	if op.Access != Public {
		codes = append(codes, http.StatusUnauthorized)
	}
	if op.Right != "" {
		codes = append(codes, http.StatusForbidden)
	}
	if op.mutates() {
		codes = append(codes, http.StatusConflict)
	}
	return codes
}

// authorize refuses people who may not use the operation at all.
func (s *Server) authorize(op Op) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		who, signedIn := kernel.PrincipalFrom(ctx.Context())
		var refusal *kernel.Error
		switch {
		case op.Access == Public:
		case !signedIn:
			refusal = kernel.Unauthorized("not_signed_in")
		case op.Right != "" && !who.May(op.Right):
			refusal = kernel.Forbidden("right_missing").With("right", op.Right)
		}
		if refusal != nil {
			r, w := humachi.Unwrap(ctx)
			WriteProblem(w, r, refusal)
			return
		}
		next(ctx)
	}
}
