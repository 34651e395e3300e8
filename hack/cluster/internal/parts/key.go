package parts

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
)

// key names a build: version, then a hash over everything that the result
// depends on (recipe, Go version, each file of the wrapper module).
func (p Part) key(root, goVersion string) (version, key string, err error) {
	recipe, err := json.Marshal(p)
	if err != nil {
		return "", "", fmt.Errorf("hash the recipe of %s: %w", p.Name, err)
	}
	sum := sha256.New()
	_, _ = sum.Write(recipe)
	if p.Rootfs != nil {
		_, _ = io.WriteString(sum, strings.Join(p.Rootfs.arguments(), "\x00"))
		return debianSuite, debianSuite + "-" + short(sum.Sum(nil)), nil
	}
	_, _ = io.WriteString(sum, goVersion)
	dir := filepath.Join(root, p.Module.Dir)
	if err := hashFiles(sum, dir); err != nil {
		return "", "", fmt.Errorf("hash the module of %s: %w", p.Name, err)
	}
	version = "v0"
	if p.Module.Requires != "" {
		if version, err = requiredVersion(filepath.Join(dir, "go.mod"), p.Module.Requires); err != nil {
			return "", "", err
		}
	}
	return version, version + "-" + short(sum.Sum(nil)), nil
}

func short(sum []byte) string { return hex.EncodeToString(sum)[:12] }

// hashFiles adds name and content of each file of a folder, sorted by name.
func hashFiles(to io.Writer, dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	sort.Slice(entries, func(i, j int) bool { return entries[i].Name() < entries[j].Name() })
	for _, entry := range entries {
		if entry.IsDir() {
			continue
		}
		content, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(to, "%s %d\n%s", entry.Name(), len(content), content); err != nil {
			return err
		}
	}
	return nil
}

// requiredVersion reads the version of a required module from a go.mod file.
func requiredVersion(path, module string) (string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	line := regexp.MustCompile(`(?m)^\s*(?:require\s+)?` + regexp.QuoteMeta(module) + `\s+(v\S+)`)
	if found := line.FindStringSubmatch(string(content)); found != nil {
		return strings.TrimSpace(found[1]), nil
	}
	return "", fmt.Errorf("%s does not require %s", path, module)
}
