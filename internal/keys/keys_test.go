package keys

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"filippo.io/age"
)

// The identity, its recipient and a copy of the key 00 01 … 1f that the age program
// (v1.3.2) wrapped.
const (
	identity  = "# created: 2026-11-22T06:29:28Z\n# public key: " + recipient + "\nAGE-SECRET-KEY-1V7LCEDNC8Y9SV7ZYG7ZZ9SNKGL34XVR6FWHXFS4T4Q4VCG4VM7EQNWZMP2\n"
	recipient = "age1gzjqemz2z59gksmt37e6qau9kr9ndmlkwg078jjgrp2l0g37gaqswdta7w"
	wrapped   = "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBNVWk1T1I3U1NWUmpSQkE3dDZQWG9tcmxXanlON0diSDZrOTkwcHVwcWxFCnpaUnBlZEE1SHlxZUwzYUFxWEFjR0wyaVcrM1gvWmZpZDRQRGZkYjltNE0KLS0tIGlPU3pHeUpTLzRySnFNUyt2ZTkxT2FMVVRBZ3ZHOE5xbU1JL3V0RkNwQWMKaOajPC10Od+/95m8J0WdwE8tfhBHFjAdVDznyAHikkqg/pj/dV7obHkUZDvIqaaCt4DHAB+RcshbVeRGVwDXQg=="
)

func known(t testing.TB) Key {
	t.Helper()
	raw := make([]byte, Size)
	for i := range raw {
		raw[i] = byte(i)
	}
	k, err := Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func unwrapped(t testing.TB, text string) []byte {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// The answers were computed by another program (Python's hmac): what was sealed once
// must open for ever.
func TestDerivationsStayAsTheyAre(t *testing.T) {
	k := known(t)
	for purpose, want := range map[Purpose]string{
		Backup:   "b84e5600b66996ba9a4a270fbe02f730328fd32fc6b17da7dab23e439f71daa2",
		Seal:     "7a616d8db2dcd84f95fa8cab10973c9d69519512b89369c268a804d84c0880a4",
		Link:     "5dfc124fa4bcec0cb964ea303e2f6aeff6efa3e6439444c8c3ece910cb3527ee",
		Peers:    "75c511868713448a766b075e86a464f8db28f0e661b8d0964054e7169e334bdb",
		check:    "823dd8734b8e1aa2352a685eb35d30a071c3c970df1c4cdd4ded31dbab993328",
		identify: "67db657e1ce2426e3b202014f4a8a13b234dff95d64924873a6aa0496a12b7e3",
	} {
		if got := hex.EncodeToString(k.Derive(purpose)); got != want {
			t.Errorf("%s is %s, want %s", purpose, got, want)
		}
	}
	if k.ID() != "63435bac5b9cbfe5" {
		t.Errorf("the id is %s", k.ID())
	}
}

func TestWhatAgeWrappedIsUnwrapped(t *testing.T) {
	id, err := ParseIdentity([]byte(identity))
	if err != nil {
		t.Fatal(err)
	}
	if k, err := id.Unwrap(unwrapped(t, wrapped)); err != nil || k != known(t) {
		t.Errorf("Unwrap = %v, %v", k, err)
	}
}

func TestWrapUnwrap(t *testing.T) {
	hybrid, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	other, err := ParseIdentity([]byte(stranger.String()))
	if err != nil {
		t.Fatal(err)
	}
	for name, pair := range map[string][2]string{
		"X25519":                 {recipient, identity},
		"with space":             {" " + recipient + "\n", identity},
		"post-quantum":           {hybrid.Recipient().String(), hybrid.String()},
		"second identity of two": {recipient, stranger.String() + "\n" + identity},
	} {
		t.Run(name, func(t *testing.T) {
			k, err := New(rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			to, err := ParseRecipient(pair[0])
			if err != nil {
				t.Fatal(err)
			}
			copy1, err := to.Wrap(k)
			if err != nil || len(copy1) > MaxWrapped || bytes.Contains(copy1, k.Bytes()) {
				t.Fatalf("Wrap gives %d bytes, %v", len(copy1), err)
			}
			id, err := ParseIdentity([]byte(pair[1]))
			if err != nil {
				t.Fatal(err)
			}
			if back, err := id.Unwrap(copy1); err != nil || back != k || !back.Is(k.Check()) || back.Is(known(t).Check()) {
				t.Errorf("Unwrap = %v, %v, want %v", back, err, k)
			}
			if _, err := other.Unwrap(copy1); !errors.Is(err, ErrNotForUs) {
				t.Errorf("a stranger's identity: %v, want %v", err, ErrNotForUs)
			}
			for n := range copy1 {
				spoiled := bytes.Clone(copy1)
				spoiled[n] ^= 1
				if back, err := id.Unwrap(spoiled); err == nil && back != k {
					t.Errorf("with byte %d changed it is another key", n)
				}
				if _, err := id.Unwrap(copy1[:n]); err == nil {
					t.Errorf("%d bytes of %d are enough", n, len(copy1))
				}
			}
		})
	}
}

func TestNoKeyIsRefused(t *testing.T) {
	for name, raw := range map[string][]byte{"nothing": nil, "short": make([]byte, Size-1), "long": bytes.Repeat([]byte{7}, Size+1), "zeros": make([]byte, Size)} {
		if _, err := Parse(raw); !errors.Is(err, ErrNotAKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := New(strings.NewReader("few")); err == nil {
		t.Error("a key of three random bytes")
	}
}

func TestBrokenRecipientsAndIdentities(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "", "word": "age1", "checksum": recipient[:len(recipient)-1] + "q", "two": recipient + "\n" + recipient,
		"comment": "# " + recipient, "identity": identity, "ssh": "ssh-ed25519 AAAA",
		// The point of order 1: whatever is wrapped to it, everybody can unwrap.
		"nobody": "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqs3290gq",
	} {
		r, err := ParseRecipient(text)
		if err == nil {
			_, err = r.Wrap(known(t))
		}
		if !errors.Is(err, ErrNoRecipient) {
			t.Errorf("%s: %v", name, err)
		}
	}
	secret := strings.TrimSpace(identity[strings.Index(identity, "AGE-SECRET"):])
	for name, text := range map[string]string{"nothing": "", "recipient": recipient, "short": secret[:40], "checksum": secret[:len(secret)-1] + "Q", "lower": strings.ToLower(secret)} {
		_, err := ParseIdentity([]byte(text))
		if !errors.Is(err, ErrNoIdentity) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && text != "" && strings.Contains(err.Error(), text[min(len(text), 4):]) {
			t.Errorf("%s: the error quotes it: %v", name, err)
		}
	}
}

// However a key or an identity gets into a message, nothing of it is shown.
func TestKeysAreNeverPrinted(t *testing.T) {
	k := known(t)
	id, err := ParseIdentity([]byte(identity))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&out, nil))
	for _, secret := range []any{k, &k, id, &id, struct{ K Key }{k}, []Key{k}, map[string]Key{"k": k}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%c", "%U"} {
			fmt.Fprintf(&out, verb+"\n", secret)
		}
		log.Error("oops", "secret", secret)
		slog.New(slog.NewTextHandler(&out, nil)).Error("oops", "secret", secret)
		raw, err := json.Marshal(secret)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(raw)
	}
	raw := k.Bytes()
	shown := out.String()
	for _, form := range []string{
		string(raw[:4]), hex.EncodeToString(raw[1:5]), strings.ToUpper(hex.EncodeToString(raw[10:14])), base64.StdEncoding.EncodeToString(raw)[:8],
		"1 2 3 4", "1,2,3,4", "0x1, 0x2, 0x3", "V7LCEDNC",
	} {
		if strings.Contains(shown, form) {
			t.Errorf("%q is shown in\n%s", form, shown)
		}
	}
	if !strings.Contains(shown, k.ID()) {
		t.Error("nothing names the key")
	}
}

func FuzzUnwrap(f *testing.F) {
	id, err := ParseIdentity([]byte(identity))
	if err != nil {
		f.Fatal(err)
	}
	good := unwrapped(f, wrapped)
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Add([]byte("age-encryption.org/v1\n-> X25519 \n---\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		k, err := id.Unwrap(raw)
		if err == nil && k != known(t) {
			t.Errorf("%x is a key", raw)
		}
		if err != nil && k != (Key{}) {
			t.Error("a key comes with an error")
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(identity))
	f.Add([]byte(recipient))
	f.Add(make([]byte, Size))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if k, err := Parse(raw); err == nil && !bytes.Equal(k.Bytes(), raw) {
			t.Errorf("%x became another key", raw)
		}
		if r, err := ParseRecipient(string(raw)); err == nil && r.String() != strings.TrimSpace(string(raw)) {
			t.Errorf("%q became %q", raw, r)
		}
		if id, err := ParseIdentity(raw); err == nil {
			if _, err := id.Unwrap(raw); err == nil {
				t.Error("an identity is a copy of a key")
			}
		}
	})
}
