package kernel

import "context"

// Principal is who stands behind a request.
type Principal struct {
	PersonID  ID
	SessionID ID
	Name      string
	External  bool   // belongs to a customer, supplier or partner
	Rights    Rights // nil: none

	// ConsentNeeded: has not agreed to the user agreement and the privacy policy as they
	// are now (package privacy). The edge refuses nearly everything until then.
	ConsentNeeded bool
}

// Rights are what a person may do at all, named module.action. On which rows is
// known to package authz, which makes them.
type Rights interface {
	Has(right string) bool
	List() []string
}

// May says whether the person holds a right.
func (p Principal) May(right string) bool { return p.Rights != nil && p.Rights.Has(right) }

type principalKey struct{}

// WithPrincipal puts the person behind the request into the context.
func WithPrincipal(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// PrincipalFrom gives the person behind the request; false if nobody signed in.
func PrincipalFrom(ctx context.Context) (Principal, bool) {
	p, ok := ctx.Value(principalKey{}).(Principal)
	return p, ok
}

// Request describes where a request came from. The gateway alone sets both.
type Request struct {
	ID      string // one id from the gateway to the SQL comment
	Address string // the client's IP address; empty without a gateway
	Agent   string // User-Agent, cut to 256 bytes
}

type requestKey struct{}

// WithRequest puts what is known of the request into the context.
func WithRequest(ctx context.Context, r Request) context.Context {
	return context.WithValue(ctx, requestKey{}, r)
}

// RequestFrom gives what is known of the request; zero outside of one.
func RequestFrom(ctx context.Context) Request {
	r, _ := ctx.Value(requestKey{}).(Request)
	return r
}
