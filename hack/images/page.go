package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// buildPage builds tenant-app/web/dist unless it already is what its sources
// give: the note beside the packages holds the sum of both.
func (w *workshop) buildPage(ctx context.Context) error {
	web := filepath.Join(w.root, office, "web")
	note := filepath.Join(web, "node_modules", ".atrium-page")
	state, err := pageState(web)
	if err != nil {
		return err
	}
	if former, err := os.ReadFile(note); err == nil && string(former) == state {
		return nil
	}
	if packagesStale(web) {
		if err := w.command(ctx, web, "npm", "ci", "--no-audit", "--no-fund"); err != nil {
			return err
		}
	}
	if err := w.command(ctx, web, "npm", "run", "build"); err != nil {
		return err
	}
	if state, err = pageState(web); err != nil {
		return err
	}
	return os.WriteFile(note, []byte(state), 0o644)
}

// pageState sums the page's sources and the built page.
func pageState(web string) (string, error) {
	sum := newSum()
	for _, dir := range []string{web, filepath.Join(web, "dist")} {
		if _, err := os.Stat(dir); os.IsNotExist(err) {
			continue
		}
		if err := sum.tree(dir); err != nil {
			return "", fmt.Errorf("read the page in %s: %w", dir, err)
		}
	}
	return sum.short(), nil
}

// packagesStale follows npm's own rule: its hidden lock file is written last.
func packagesStale(web string) bool {
	installed, err := os.Stat(filepath.Join(web, "node_modules", ".package-lock.json"))
	if err != nil {
		return true
	}
	wanted, err := os.Stat(filepath.Join(web, "package-lock.json"))
	return err != nil || wanted.ModTime().After(installed.ModTime())
}
