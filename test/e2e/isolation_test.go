//go:build e2e

package e2e

import (
	"net/http"
	"testing"
)

// TestCompaniesAreApart holds two companies against each other: what one has is
// worth nothing at the other.
func TestCompaniesAreApart(t *testing.T) {
	acme, globex := fresh(t, "acme", "云杉科技有限公司"), fresh(t, "globex", "环球贸易有限公司")
	onboard(t, acme, globex)
	t.Run("packets", func(t *testing.T) { packetsStayInside(t, acme, globex) })
	t.Run("session", func(t *testing.T) { sessionStaysHome(t, acme, globex) })
}

// sessionStaysHome carries the session of one company's administrator to the other.
func sessionStaysHome(t *testing.T, home, other company) {
	admin, stranger := home.activate(t), other.activate(t)
	const me = "/api/v1/me"
	if a := admin.get(t, me); a.status != http.StatusOK {
		t.Fatalf("the administrator's own session answers %d: %s", a.status, a.body)
	}
	if a := visitorAt(stranger.origin).get(t, me); a.status != http.StatusUnauthorized {
		t.Errorf("without a session %s answers %d, want 401", me, a.status)
	}
	carried := visitorAt(stranger.origin)
	carried.cookies = admin.cookies
	if a := carried.get(t, me); a.status != http.StatusUnauthorized {
		t.Errorf("a session of %s at %s answers %d, want 401: %s", home.name, other.name, a.status, a.body)
	}
	if a := stranger.get(t, me); a.status != http.StatusOK {
		t.Errorf("the other company's own session answers %d: %s", a.status, a.body)
	}
}
