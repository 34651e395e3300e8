package image

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"atrium.dev/hack/cluster/internal/command"
)

// Store is containerd's image store as the kubelet sees it.
type Store struct {
	Ctr    string // path of the program ctr
	Socket string
}

// importLimit covers the largest image (MinIO, PostgreSQL) on a busy disk.
const importLimit = 5 * time.Minute

// LoadFile imports a docker-archive or OCI archive.
func (s Store) LoadFile(ctx context.Context, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("load an image: %w", err)
	}
	defer func() { _ = file.Close() }()
	return s.load(ctx, path, file)
}

// LoadProgram imports an image from scratch.
func (s Store) LoadProgram(ctx context.Context, program Program) error {
	var archive bytes.Buffer
	if err := program.Write(&archive); err != nil {
		return err
	}
	return s.load(ctx, program.Name, &archive)
}

func (s Store) load(ctx context.Context, name string, archive io.Reader) error {
	_, err := command.Run(ctx, command.Spec{Args: s.ctr("images", "import", "-"), Stdin: archive, Limit: importLimit})
	if err != nil {
		return fmt.Errorf("load %s into containerd: %w", name, err)
	}
	return nil
}

// NameDigests gives each image that has a tag its name by digest too, so that
// pods which ask for name@sha256:… find it without a registry.
func (s Store) NameDigests(ctx context.Context) error {
	images, err := s.List(ctx)
	if err != nil {
		return err
	}
	for _, pair := range unnamedDigests(images) {
		if _, err := command.Run(ctx, command.Spec{Args: s.ctr("images", "tag", "--force", pair[0], pair[1])}); err != nil {
			return fmt.Errorf("name %s by its digest: %w", pair[0], err)
		}
	}
	return nil
}

// List returns the digest of each image by its name.
func (s Store) List(ctx context.Context) (map[string]string, error) {
	out, err := command.Run(ctx, command.Spec{Args: s.ctr("images", "list")})
	if err != nil {
		return nil, fmt.Errorf("list images: %w", err)
	}
	return parseList(out), nil
}

func (s Store) ctr(args ...string) []string {
	return append([]string{s.Ctr, "--address", s.Socket, "--namespace", "k8s.io"}, args...)
}

// parseList reads the table of "ctr images list": REF, TYPE, DIGEST, …
func parseList(table string) map[string]string {
	images := map[string]string{}
	for i, line := range strings.Split(table, "\n") {
		if fields := strings.Fields(line); i > 0 && len(fields) > 2 {
			images[fields[0]] = fields[2]
		}
	}
	return images
}

// unnamedDigests pairs each tagged name with its name by digest where that one
// is not in the store.
func unnamedDigests(images map[string]string) [][2]string {
	var pairs [][2]string
	for name, digest := range images {
		slash, colon := strings.LastIndex(name, "/"), strings.LastIndex(name, ":")
		if strings.Contains(name, "@") || colon < slash || strings.HasPrefix(name, "sha256:") {
			continue
		}
		if byDigest := name[:colon] + "@" + digest; images[byDigest] != digest {
			pairs = append(pairs, [2]string{name, byDigest})
		}
	}
	return pairs
}
