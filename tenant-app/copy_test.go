package main

import (
	"bytes"
	"testing"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/seal"
	"atrium.dev/atrium/tenant-app/internal/store"
)

// A copy of a company calls nobody, and its jobs rest: the secrets that came along are its
// own all the same, so that the company that it is of can go with its key.
func TestServeSealsAnewWhatACopyBroughtAlong(t *testing.T) {
	f := migrated(t)
	own := contract.SealKey{ID: "own", Key: bytes.Repeat([]byte{1}, contract.KeySize)}
	source := contract.SealKey{ID: "source", Key: bytes.Repeat([]byte{2}, contract.KeySize)}
	keys := func(all ...contract.SealKey) contract.Keys { return contract.Keys{Seal: all} }
	text, err := seal.New(func() contract.Keys { return keys(source) }).Seal("setting/notify.senders/hooks/sms", "of-the-gate")
	if err != nil {
		t.Fatal(err)
	}
	execAsOwner(t, f.tenant, `INSERT INTO setting (key, value, updated_at) VALUES ('notify.senders', '{"hooks":{"sms":{"url":"https://gate.example","secret":"`+text+`"}}}', now())`)
	f.settings.Outbound = false
	f.write(t, contract.FileSettings, f.settings)
	f.write(t, contract.FileKeys, keys(own, source))
	f.serve(t)
	db, err := store.Open(t.Context(), f.tenant.App)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var kept struct {
		Hooks map[string]struct{ Secret string }
	}
	await(t, "the secret to be sealed anew", func() bool {
		if _, err := db.Setting(t.Context(), "notify.senders", &kept); err != nil {
			t.Fatal(err)
		}
		return kept.Hooks["sms"].Secret != text
	})
	opened, err := seal.New(func() contract.Keys { return keys(own) }).Open("setting/notify.senders/hooks/sms", kept.Hooks["sms"].Secret)
	if err != nil || opened != "of-the-gate" {
		t.Errorf("with its own key alone it opens as %q: %v", opened, err)
	}
}
