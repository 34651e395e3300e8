package pki

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func open(t *testing.T, dir string) *Authority {
	t.Helper()
	authority, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return authority
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestLeafIsGoodAndKept(t *testing.T) {
	dir := t.TempDir()
	leaf := Leaf{File: "server", Name: "someone", Groups: []string{"some"}, Hosts: []string{"10.96.0.1", "kubernetes.default"}}
	if err := open(t, dir).Ensure(leaf); err != nil {
		t.Fatal(err)
	}
	cert, _, err := load(dir, "server")
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(read(t, filepath.Join(dir, "ca.crt"))))
	for _, host := range leaf.Hosts {
		if _, err := cert.Verify(x509.VerifyOptions{Roots: roots, DNSName: host}); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	if cert.Subject.CommonName != "someone" || cert.Subject.Organization[0] != "some" {
		t.Errorf("it names %v", cert.Subject)
	}
	before := read(t, filepath.Join(dir, "server.crt"))
	if err := open(t, dir).Ensure(leaf); err != nil {
		t.Fatal(err)
	}
	if read(t, filepath.Join(dir, "server.crt")) != before {
		t.Error("a good certificate was issued anew")
	}
	leaf.Hosts = append(leaf.Hosts, "localhost")
	if err := open(t, dir).Ensure(leaf); err != nil {
		t.Fatal(err)
	}
	if cert, _, _ := load(dir, "server"); cert.VerifyHostname("localhost") != nil {
		t.Error("a new host is not in the certificate")
	}
}

func TestLeafOfAnotherAuthorityIsReplaced(t *testing.T) {
	dir := t.TempDir()
	leaf := Leaf{File: "client", Name: "someone"}
	if err := open(t, dir).Ensure(leaf); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"ca.crt", "ca.key"} {
		if err := os.Remove(filepath.Join(dir, file)); err != nil {
			t.Fatal(err)
		}
	}
	authority := open(t, dir)
	if err := authority.Ensure(leaf); err != nil {
		t.Fatal(err)
	}
	if cert, _, _ := load(dir, "client"); cert.CheckSignatureFrom(authority.cert) != nil {
		t.Error("the leaf of the former authority was kept")
	}
}

func TestKeysAreForTheirOwnerAlone(t *testing.T) {
	dir := t.TempDir()
	if err := open(t, dir).Ensure(Leaf{File: "client", Name: "x"}); err != nil {
		t.Fatal(err)
	}
	if err := EnsureKeyPair(dir, "pair"); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"ca.key", "client.key", "pair.key"} {
		if info, err := os.Stat(filepath.Join(dir, file)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", file, info.Mode(), err)
		}
	}
	before := read(t, filepath.Join(dir, "pair.key"))
	if err := EnsureKeyPair(dir, "pair"); err != nil || read(t, filepath.Join(dir, "pair.key")) != before {
		t.Errorf("the pair was made anew, %v", err)
	}
}

func TestKubeconfig(t *testing.T) {
	dir := t.TempDir()
	authority := open(t, dir)
	leaf := Leaf{File: "admin", Name: "x"}
	if err := authority.Ensure(leaf); err != nil {
		t.Fatal(err)
	}
	content, err := authority.Kubeconfig("https://10.0.0.1:6443", leaf)
	if err != nil || !strings.Contains(string(content), "server: https://10.0.0.1:6443\n") || strings.Count(string(content), "-data: LS0t") != 3 {
		t.Errorf("%v\n%s", err, content)
	}
	if _, err := authority.Kubeconfig("https://x", Leaf{File: "nobody"}); err == nil {
		t.Error("somebody without a certificate has a kubeconfig")
	}
}
