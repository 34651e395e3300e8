package main

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// push writes b to registry (host, or host/folder) under its tag and returns the
// reference by digest. Credentials are those of "docker login", if any.
func push(ctx context.Context, b built, registry string) (string, error) {
	tag := b.Ref[strings.LastIndex(b.Ref, ":")+1:]
	target, err := name.ParseReference(registry + "/" + b.Name + ":" + tag)
	if err != nil {
		return "", fmt.Errorf("push %s: REGISTRY must look like registry.example.com/team: %w", b.Name, err)
	}
	folder, err := os.MkdirTemp(filepath.Dir(b.Archive), ".push-*")
	if err != nil {
		return "", fmt.Errorf("push %s: %w", b.Name, err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	if err := unpack(b.Archive, folder); err != nil {
		return "", fmt.Errorf("push %s: unpack %s: %w", b.Name, b.Archive, err)
	}
	digest, err := v1.NewHash(b.Digest)
	if err != nil {
		return "", fmt.Errorf("push %s: %w", b.Name, err)
	}
	image, err := layout.Path(folder).Image(digest)
	if err != nil {
		return "", fmt.Errorf("push %s: read %s: %w", b.Name, b.Archive, err)
	}
	if err := remote.Write(target, image, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain)); err != nil {
		return "", fmt.Errorf("push %s to %s: %w; sign in with docker login, or choose another REGISTRY", b.Name, target, err)
	}
	return b.digestRef(registry), nil
}

// unpack writes an archive of ours into folder as an OCI layout.
func unpack(archive, folder string) error {
	file, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	for reader := tar.NewReader(file); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := root.MkdirAll(filepath.Dir(header.Name), 0o755); err != nil {
			return err
		}
		out, err := root.Create(header.Name)
		if err != nil {
			return err
		}
		_, err = io.Copy(out, reader)
		if err := errors.Join(err, out.Close()); err != nil {
			return err
		}
	}
}
