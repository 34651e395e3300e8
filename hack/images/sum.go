package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// sum collects what an image depends on.
type sum struct{ hash.Hash }

func newSum() sum { return sum{sha256.New()} }

func (s sum) text(values ...string) { _, _ = fmt.Fprintf(s, "%q\n", values) }

func (s sum) short() string { return hex.EncodeToString(s.Sum(nil))[:16] }

// unread are folders inside a tree that are made from the rest of it, or that
// only people and tests look at.
var unread = map[string]bool{"node_modules": true, "dist": true, "testdata": true, "e2e": true}

// tree adds a file, or name and content of each file of a folder in a fixed order.
func (s sum) tree(root string) error {
	return filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && file != root && unread[d.Name()]:
			return filepath.SkipDir
		case d.IsDir(), !d.Type().IsRegular(), strings.HasSuffix(file, "_test.go"):
			return nil
		}
		name, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		return s.file(name, file)
	})
}

func (s sum) file(name, file string) error {
	content, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }()
	info, err := content.Stat()
	if err != nil {
		return err
	}
	s.text(name, fmt.Sprint(info.Mode().Perm(), info.Size()))
	_, err = io.Copy(s, content)
	return err
}
