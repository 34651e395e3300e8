package notify

import (
	"context"
	"errors"
	"net"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// Why a message did not go out, as people are told. The log says more: an error may name
// hosts and addresses that are the administrators' business.
const (
	WhyPaused      = "paused"      // the company's settings forbid calls
	WhyNotAllowed  = "not_allowed" // the address is neither public nor on the allow-list
	WhyNoBrowser   = "no_browser"  // none takes messages any more
	WhyUnreachable = "unreachable"
	WhyUnreadable  = "unreadable" // the company's secret is sealed with a key that is not there
	WhyRefused     = "refused"    // the other side answered, and did not take it
)

// why classes what went wrong; nothing did: empty.
func why(err error) string {
	var connection net.Error
	switch {
	case err == nil:
		return ""
	case kernel.HasCode(err, "outbound_paused"):
		return WhyPaused
	case kernel.HasCode(err, "address_refused"):
		return WhyNotAllowed
	case kernel.HasCode(err, "seal_key_wrong"):
		return WhyUnreadable
	case errors.Is(err, errNoBrowser):
		return WhyNoBrowser
	case errors.As(err, &connection), errors.Is(err, context.DeadlineExceeded):
		return WhyUnreachable
	}
	return WhyRefused
}
