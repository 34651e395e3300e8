package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// tree makes a context with a file of each sort, aged as told.
func tree(t *testing.T, age time.Duration) string {
	t.Helper()
	root := t.TempDir()
	write := func(name, content string, mode os.FileMode) {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		when := time.Now().Add(-age)
		if err := os.Chtimes(file, when, when); err != nil {
			t.Fatal(err)
		}
	}
	write("program", "machine code", 0o755)
	write("part/usr/bin/sudo", "set-user-id", 0o755|os.ModeSetuid)
	write("part/etc/passwd", "root:x:0:0", 0o644)
	if err := os.Symlink("usr/bin", filepath.Join(root, "part", "bin")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(root, "part", "etc"), 0o755|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	return root
}

func layerOf(t *testing.T, file dockerfile, context string) []byte {
	t.Helper()
	list, err := entries(file, context)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := writeLayer(&out, list); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

var copyAll = dockerfile{copies: []copyLine{
	{[]string{"program"}, "/opt/bin/"}, {[]string{"program"}, "/renamed"}, {[]string{"part/"}, "/"},
}}

func TestLayerHoldsWhatCopySays(t *testing.T) {
	unpacked, err := gzip.NewReader(bytes.NewReader(layerOf(t, copyAll, tree(t, 0))))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for reader := tar.NewReader(unpacked); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Uid != 0 || header.Gid != 0 || header.Uname != "" || !header.ModTime.Equal(time.Unix(0, 0)) {
			t.Errorf("%s: owner %d:%d %q, time %s", header.Name, header.Uid, header.Gid, header.Uname, header.ModTime)
		}
		got = append(got, fmt.Sprintf("%c %o %s%s", header.Typeflag, header.Mode, header.Name, header.Linkname))
	}
	want := []string{
		"2 777 binusr/bin", "5 1755 etc/", "0 644 etc/passwd", "5 755 opt/", "5 755 opt/bin/", "0 755 opt/bin/program",
		"0 755 renamed", "5 755 usr/", "5 755 usr/bin/", "0 755 usr/bin/sudo",
	}
	if !slices.Equal(got, want) {
		t.Fatalf("got  %q\nwant %q", got, want)
	}
}

func TestLayerIsTheSameBytesAtAnyTime(t *testing.T) {
	first := layerOf(t, copyAll, tree(t, 0))
	if second := layerOf(t, copyAll, tree(t, 48*time.Hour)); !bytes.Equal(first, second) {
		t.Fatal("the same files with other ages give another layer")
	}
}

func TestCopyOfNothingNamesTheSource(t *testing.T) {
	_, err := entries(dockerfile{copies: []copyLine{{[]string{"absent"}, "/"}}}, t.TempDir())
	if err == nil || !bytes.Contains([]byte(err.Error()), []byte("COPY absent")) {
		t.Fatalf("error %v, want it to name COPY absent", err)
	}
}
