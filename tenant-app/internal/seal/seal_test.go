package seal_test

import (
	"bytes"
	"strings"
	"testing"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/seal"
)

const place, text = "setting/notify.senders/mail", "hunter2-口令"

func key(id string, b byte) contract.SealKey {
	return contract.SealKey{ID: id, Key: bytes.Repeat([]byte{b}, contract.KeySize)}
}

func with(keys ...contract.SealKey) *seal.Sealer {
	return seal.New(func() contract.Keys { return contract.Keys{Seal: keys} })
}

func sealed(t *testing.T, s *seal.Sealer) string {
	t.Helper()
	out, err := s.Seal(place, text)
	if err != nil || !seal.IsSealed(out) || strings.Contains(out, "hunter2") {
		t.Fatalf("Seal = %q, %v", out, err)
	}
	return out
}

func TestWhatIsSealedOpensAtItsPlace(t *testing.T) {
	s := with(key("aa", 1))
	one := sealed(t, s)
	if back, err := s.Open(place, one); err != nil || back != text {
		t.Errorf("Open = %q, %v", back, err)
	}
	if one == sealed(t, s) {
		t.Error("the same text is sealed alike twice")
	}
	if _, err := s.Open("setting/notify.senders/hooks/sms", one); !kernel.HasCode(err, "seal_key_wrong") {
		t.Errorf("at another place: %v", err)
	}
	for what, plain := range map[string]string{"nothing": "", "what was kept before": "plain"} {
		if back, err := s.Open(place, plain); err != nil || back != plain {
			t.Errorf("%s: %q, %v", what, back, err)
		}
	}
	if out, err := s.Seal(place, ""); out != "" || err != nil {
		t.Errorf("nothing is sealed as %q, %v", out, err)
	}
}

// Old secrets open while their key is still listed; new ones are sealed with the first.
func TestKeysTakeTurns(t *testing.T) {
	before, now := key("aa", 1), key("bb", 2)
	old := sealed(t, with(before))
	both := with(now, before)
	if back, err := both.Open(place, old); err != nil || back != text {
		t.Errorf("Open = %q, %v", back, err)
	}
	if both.Fresh(old) || !both.Fresh(sealed(t, both)) || !both.Fresh("") || both.Fresh("plain") {
		t.Error("Fresh does not tell the keys apart")
	}
}

// Whatever is wrong is an error with a code that says nothing of the secret.
func TestAWrongKeyIsAnError(t *testing.T) {
	right := with(key("aa", 1))
	one := sealed(t, right)
	for what, s := range map[string]*seal.Sealer{"none": with(), "another id": with(key("bb", 1)), "another key of the id": with(key("aa", 2))} {
		if back, err := s.Open(place, one); back != "" || !kernel.HasCode(err, "seal_key_wrong") || strings.Contains(err.Error(), one) {
			t.Errorf("%s: %q, %v", what, back, err)
		}
	}
	for n := range one {
		if n < len("sealed:1:") {
			continue
		}
		spoiled := []byte(one)
		spoiled[n] ^= 1
		if back, err := right.Open(place, string(spoiled)); err == nil && back != text {
			t.Errorf("with byte %d changed it opens as %q", n, back)
		}
		if _, err := right.Open(place, one[:n]); err == nil {
			t.Errorf("%d bytes are enough", n)
		}
	}
	if _, err := with().Seal(place, text); !kernel.HasCode(err, "seal_key_missing") {
		t.Errorf("sealed without a key: %v", err)
	}
	if _, err := with(contract.SealKey{ID: "aa", Key: []byte("short")}).Seal(place, text); err == nil {
		t.Error("sealed with a short key")
	}
}
