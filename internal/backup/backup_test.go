package backup

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func keys() Keys { return KeysOf(bytes.Repeat([]byte{7}, 32)) }

func signed(t *testing.T, name, tenant string) (raw, signature []byte) {
	t.Helper()
	raw, signature, err := Manifest{Version: 1, Backup: name, TenantID: tenant}.Sign(keys().Signer())
	if err != nil {
		t.Fatal(err)
	}
	return raw, signature
}

func TestManifestsOpenAsTheyWereSigned(t *testing.T) {
	raw, signature := signed(t, "daily", "acme")
	if m, err := Open(raw, signature, keys().Verifier(), "daily", "acme"); err != nil || m.Backup != "daily" {
		t.Fatalf("Open = %+v, %v", m, err)
	}
	for i := range raw {
		changed := bytes.Clone(raw)
		changed[i] ^= 1
		if _, err := Open(changed, signature, keys().Verifier(), "daily", "acme"); !errors.Is(err, ErrSignature) {
			t.Fatalf("with byte %d changed: %v", i, err)
		}
	}
	if _, err := Open(raw[:len(raw)-1], signature, keys().Verifier(), "daily", "acme"); !errors.Is(err, ErrSignature) {
		t.Errorf("cut off: %v", err)
	}
}

// What is signed well, but for another backup, another tenant or with another key.
func TestSwappedManifestIsRefused(t *testing.T) {
	for name, of := range map[string][2]string{"of another backup": {"weekly", "acme"}, "of another tenant": {"daily", "globex"}} {
		raw, signature := signed(t, of[0], of[1])
		if _, err := Open(raw, signature, keys().Verifier(), "daily", "acme"); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	raw, signature := signed(t, "daily", "acme")
	if _, err := Open(raw, signature, KeysOf(make([]byte, 32)).Verifier(), "daily", "acme"); !errors.Is(err, ErrSignature) {
		t.Errorf("with another key: %v", err)
	}
	later, signature, err := Manifest{Version: 2, Backup: "daily", TenantID: "acme"}.Sign(keys().Signer())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(later, signature, keys().Verifier(), "daily", "acme"); err == nil || !strings.Contains(err.Error(), "newer") {
		t.Errorf("of a later form: %v", err)
	}
}

// Somebody who has the root key and no program of ours gets at everything.
func TestOpensslDerivesAndVerifies(t *testing.T) {
	derive := func(info string, size string) string {
		out := openssl(t, "kdf", "-keylen", size, "-kdfopt", "digest:SHA256", "-kdfopt", "hexkey:"+strings.Repeat("07", 32), "-kdfopt", "info:"+info, "-binary", "HKDF")
		return hex.EncodeToString(out)
	}
	k := keys()
	if got := derive("generation/2026-11-a", "32"); got != k.Password("2026-11-a") {
		t.Errorf("openssl derives the password %s, want %s", got, k.Password("2026-11-a"))
	}
	if got := derive("sign", "32"); got != hex.EncodeToString(k.Signer().Seed()) {
		t.Errorf("openssl derives another seed")
	}

	dir := t.TempDir()
	raw, signature := signed(t, "daily", "acme")
	der, err := x509.MarshalPKIXPublicKey(k.Verifier())
	if err != nil {
		t.Fatal(err)
	}
	// The seed behind the fixed head of an Ed25519 private key, as the manual says.
	seed, err := hex.DecodeString("302e020100300506032b657004220420" + derive("sign", "32"))
	if err != nil {
		t.Fatal(err)
	}
	for file, content := range map[string][]byte{"m.json": raw, "m.sig": signature, "seed.der": seed} {
		if err := os.WriteFile(filepath.Join(dir, file), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	public := openssl(t, "pkey", "-inform", "DER", "-in", filepath.Join(dir, "seed.der"), "-pubout")
	if block, _ := pem.Decode(public); block == nil || !bytes.Equal(block.Bytes, der) {
		t.Fatal("openssl finds another public key")
	}
	if err := os.WriteFile(filepath.Join(dir, "key.pem"), public, 0o600); err != nil {
		t.Fatal(err)
	}
	openssl(t, "pkeyutl", "-verify", "-pubin", "-inkey", filepath.Join(dir, "key.pem"), "-rawin", "-in", filepath.Join(dir, "m.json"), "-sigfile", filepath.Join(dir, "m.sig"))
	if err := os.WriteFile(filepath.Join(dir, "m.json"), append(raw, ' '), 0o600); err != nil {
		t.Fatal(err)
	}
	if exec.CommandContext(t.Context(), "openssl", "pkeyutl", "-verify", "-pubin", "-inkey", filepath.Join(dir, "key.pem"), "-rawin", "-in", filepath.Join(dir, "m.json"), "-sigfile", filepath.Join(dir, "m.sig")).Run() == nil {
		t.Error("openssl takes a changed manifest")
	}

	sealed := k.SealIdentity("2026-11-a", []byte("AGE-SECRET-KEY-1…\n"))
	if err := os.WriteFile(filepath.Join(dir, "identity"), sealed, 0o600); err != nil {
		t.Fatal(err)
	}
	derived := derive("epoch/2026-11-a", "48")
	opened := openssl(t, "enc", "-d", "-aes-256-ctr", "-K", derived[:64], "-iv", derived[64:], "-in", filepath.Join(dir, "identity"))
	if string(opened) != "AGE-SECRET-KEY-1…\n" || !bytes.Equal(k.SealIdentity("2026-11-a", sealed), opened) {
		t.Errorf("openssl opens the identity as %q", opened)
	}
}

func openssl(t *testing.T, args ...string) []byte {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "openssl", args...).Output()
	if err != nil {
		t.Fatalf("openssl %s: %v", args[0], err)
	}
	return out
}

// Epochs and generations do not share keys, and neither do two companies.
func TestKeysDiffer(t *testing.T) {
	a, b := keys(), KeysOf(bytes.Repeat([]byte{8}, 32))
	if a.Password("1") == a.Password("2") || a.Password("1") == b.Password("1") || a.Verifier().Equal(b.Verifier()) {
		t.Error("two keys are the same")
	}
	text := []byte("identity")
	if bytes.Equal(a.SealIdentity("1", text), a.SealIdentity("2", text)) {
		t.Error("two epochs seal alike")
	}
	if len(a.Signer()) != ed25519.PrivateKeySize {
		t.Error("the signer is no key")
	}
}

// What the lines of a stream hold can be any name that PostgreSQL takes.
func TestStreamLinesQuote(t *testing.T) {
	table := Table{Name: `we"ird`, Columns: []string{"id", `a"b`}}
	for got, want := range map[string]string{
		table.CopyLine(""): `COPY "we""ird" ("id", "a""b") FROM stdin;`,
		table.ReadBy("s", []string{`"id" COLLATE "C"`}): `COPY (SELECT "id", "a""b" FROM "s"."we""ird" ORDER BY "id" COLLATE "C") TO STDOUT`,
		Sequence{`o'"x`, 5, true}.SetLine("s"):          `SELECT pg_catalog.setval('"s"."o''""x"', 5, true);`,
		Begin([]Table{table, {Name: "b"}})[3]:           `TRUNCATE "we""ird", "b";`,
	} {
		if got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
}
