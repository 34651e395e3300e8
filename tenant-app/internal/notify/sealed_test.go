package notify_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"atrium.dev/atrium/tenant-app/internal/notify"
	"atrium.dev/atrium/tenant-app/internal/seal"
)

// A copy of the database, such as a backup that is lost, opens no way out of the company.
func TestACopyOfTheDatabaseHoldsNoSecret(t *testing.T) {
	c := start(t)
	mail := object{"host": "mail.acme.example", "port": 587, "security": "starttls", "from": "office@acme.example", "user": "office", "password": "canary-password"}
	hook := object{"url": c.gate.URL, "secret": secret}
	c.wang.JSON(http.MethodPut, "/notice-senders", object{"mail": mail, "hooks": object{"sms": hook}}).Want(http.StatusOK)
	c.wang.JSON(http.MethodGet, "/me/channels", nil).Want(http.StatusOK) // makes the keys of push messages
	c.open(t)
	c.use(t, "sms", "13800000001")
	var value string
	c.Scan(t, `SELECT value FROM setting WHERE key = 'notify.vapid'`, &value)
	var vapid struct{ Private string }
	if err := json.Unmarshal([]byte(value), &vapid); err != nil || !seal.IsSealed(vapid.Private) {
		t.Fatalf("the key of push messages is kept as %s: %v", value, err)
	}
	private, err := seal.New(c.Keys).Open("setting/notify.vapid", vapid.Private)
	if err != nil || len(private) < 40 {
		t.Fatalf("it opens as %d characters: %v", len(private), err)
	}
	rows := c.dump(t)
	if !strings.Contains(rows, "mail.acme.example") || !strings.Contains(rows, "+8613800000001") {
		t.Error("the copy lacks what it should hold")
	}
	for what, text := range map[string]string{"the mail server's password": "canary-password", "a gate's secret": secret, "the key of push messages": private} {
		if strings.Contains(rows, text) {
			t.Errorf("the copy holds %s", what)
		}
	}
}

// dump is every row of every table.
func (c *company) dump(t testing.TB) string {
	t.Helper()
	var tables []string
	if err := c.DB.Q(t.Context()).NewRaw(`SELECT c.relname FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace`).Scan(t.Context(), &tables); err != nil || len(tables) < 40 {
		t.Fatalf("%d tables: %v", len(tables), err)
	}
	var all strings.Builder
	for _, table := range tables {
		var rows []string
		if err := c.DB.Q(t.Context()).NewRaw(fmt.Sprintf(`SELECT t::text FROM %q AS t`, table)).Scan(t.Context(), &rows); err != nil {
			t.Fatalf("%s: %v", table, err)
		}
		all.WriteString(strings.Join(rows, "\n"))
	}
	return all.String()
}

// What was kept before there were keys is sealed by itself, and again when the key
// changes; with a key that is lost the app goes on and says which secret to type in.
func TestSecretsOutliveTheirKeys(t *testing.T) {
	c := start(t)
	c.open(t)
	kept := func() (value string) {
		c.Scan(t, `SELECT value FROM setting WHERE key = 'notify.senders'`, &value)
		return value
	}
	works := func(when string) {
		t.Helper()
		c.Wait(2 * time.Minute)
		c.wang.JSON(http.MethodPost, "/notice-senders/sms/test", object{"address": "13800000003"}).Want(http.StatusNoContent)
		if calls := c.gate.take(); len(calls) != 1 {
			t.Errorf("%s the gate got %+v", when, calls)
		}
	}
	var done bool
	c.Scan(t, `UPDATE setting SET value = '{"hooks":{"sms":{"url":"`+c.gate.URL+`","secret":"`+secret+`"}}}' WHERE key = 'notify.senders' RETURNING true`, &done)
	works("before it is sealed")
	c.later(t, 26*time.Hour)
	if got := kept(); strings.Contains(got, secret) || !strings.Contains(got, "sealed:1:key1:") {
		t.Errorf("what was kept before is %s", got)
	}
	works("once it is sealed")
	c.Turn(2, 1)
	c.later(t, 26*time.Hour)
	if got := kept(); !strings.Contains(got, "sealed:1:key2:") {
		t.Errorf("under the next key it is %s", got)
	}
	c.Turn(2)
	works("under the next key")

	c.Turn(3)
	reply := c.wang.JSON(http.MethodPost, "/notice-senders/sms/test", object{"address": "13800000003"})
	if reply.Code() != "channel_failed" || !strings.Contains(reply.Body, `"why":"`+notify.WhyUnreadable+`"`) {
		t.Errorf("with a key that is lost: %d %s", reply.Status, reply.Body)
	}
	c.later(t, 26*time.Hour)
	for _, path := range []string{"/notice-senders", "/me/channels"} {
		c.wang.JSON(http.MethodGet, path, nil).Want(http.StatusOK)
	}
	hooks := func() object { return object{"hooks": object{"sms": object{"url": c.gate.URL, "secret": secret}}} }
	c.wang.JSON(http.MethodPut, "/notice-senders", hooks()).Want(http.StatusOK)
	works("typed in again")

	c.Turn()
	if reply := c.wang.JSON(http.MethodPut, "/notice-senders", hooks()); reply.Code() != "seal_key_missing" {
		t.Errorf("without a key: %d %s", reply.Status, reply.Body)
	}
	c.wang.JSON(http.MethodGet, "/me/channels", nil).Want(http.StatusOK)
	c.Settle(t)
}
