package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"atrium.dev/hack/cluster/internal/parts"
	"atrium.dev/hack/cluster/internal/progress"
)

// partsCommand builds the named parts and prints where each of them is.
func partsCommand(ctx context.Context, names []string, stdout, stderr io.Writer) error {
	if len(names) == 0 {
		return errUsage
	}
	cache, err := openCache(stderr)
	if err != nil {
		return err
	}
	dirs, err := cache.Ensure(ctx, names...)
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, err := fmt.Fprintf(stdout, "%s\t%s\n", name, dirs[name]); err != nil {
			return err
		}
	}
	return nil
}

func openCache(stderr io.Writer) (*parts.Cache, error) {
	dir, err := parts.CacheDir()
	if err != nil {
		return nil, err
	}
	root, err := sourceRoot()
	if err != nil {
		return nil, err
	}
	return &parts.Cache{Dir: dir, Root: root, Progress: progress.New(stderr)}, nil
}

// sourceRoot finds the folder hack/cluster, which holds the modules of the
// parts: from the working folder upwards, then from the program's own.
func sourceRoot() (string, error) {
	var starts []string
	if dir, err := os.Getwd(); err == nil {
		starts = append(starts, dir)
	}
	if self, err := os.Executable(); err == nil {
		starts = append(starts, filepath.Dir(self))
	}
	for _, start := range starts {
		for dir := start; ; dir = filepath.Dir(dir) {
			for _, candidate := range []string{dir, filepath.Join(dir, "hack", "cluster")} {
				if _, err := os.Stat(filepath.Join(candidate, "parts", "kubernetes", "go.mod")); err == nil {
					return candidate, nil
				}
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return "", fmt.Errorf("the folder hack/cluster is not above %v: run this inside a checkout of Atrium", starts)
}
