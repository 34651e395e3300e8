package notify_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"atrium.dev/atrium/tenant-app/contract"
)

// Who took back their consent is not called any more: a call says what a message says.
func TestWhoWithdrewConsentIsNotCalled(t *testing.T) {
	c := start(t)
	c.open(t)
	c.use(t, "sms", "13800000001")
	c.say("还在", nil)
	c.later(t, time.Minute)
	if calls := c.gate.take(); len(calls) != 1 {
		t.Fatalf("called with %+v before: the test proves nothing", calls)
	}
	c.wang.Form(contract.PathConsent, url.Values{"answer": {"withdraw"}}).Want(http.StatusOK)
	c.say("撤回以后", nil)
	c.later(t, time.Hour)
	if calls := c.gate.take(); len(calls) != 0 {
		t.Errorf("called with %+v after consent was withdrawn", calls)
	}
}
