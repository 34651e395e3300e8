package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// versionLabel is where an image says its version; it is the tag as well.
const versionLabel = "org.opencontainers.image.version"

// assemble makes an image of the layer in layerFile and the run settings of file.
func assemble(file dockerfile, layerFile string) (v1.Image, error) {
	layer, err := tarball.LayerFromFile(layerFile, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, fmt.Errorf("read the layer: %w", err)
	}
	image := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	image = mutate.ConfigMediaType(image, types.OCIConfigJSON)
	image, err = mutate.AppendLayers(image, layer)
	if err != nil {
		return nil, fmt.Errorf("add the layer: %w", err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("read the image's settings: %w", err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", architecture
	config.Created = v1.Time{Time: epoch}
	config.History = []v1.History{{Created: v1.Time{Time: epoch}, CreatedBy: "COPY"}}
	config.Config = v1.Config{
		User: file.user, Entrypoint: file.entrypoint, Cmd: file.cmd, Env: file.env,
		Labels: file.labels, WorkingDir: "/", ExposedPorts: ports(file.ports),
	}
	image, err = mutate.ConfigFile(image, config)
	if err != nil {
		return nil, fmt.Errorf("set the image's settings: %w", err)
	}
	return image, nil
}

func ports(list []string) map[string]struct{} {
	if len(list) == 0 {
		return nil
	}
	set := map[string]struct{}{}
	for _, port := range list {
		set[port] = struct{}{}
	}
	return set
}

// writeArchive writes image as an OCI archive into target. The index names it
// twice, by tag and by digest, so that a plain "ctr images import" makes it
// known under both and a pod may refer to either.
func writeArchive(target string, image v1.Image, ref, digestRef string) error {
	temporary, err := os.CreateTemp(filepath.Dir(target), ".archive-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", target, err)
	}
	defer func() { _ = os.Remove(temporary.Name()) }()
	defer func() { _ = temporary.Close() }()
	archive := tar.NewWriter(temporary)
	if err := addImage(archive, image, ref, digestRef); err != nil {
		return fmt.Errorf("write %s: %w", target, err)
	}
	if err := archive.Close(); err != nil {
		return fmt.Errorf("write %s: %w", target, err)
	}
	if err := temporary.Close(); err != nil {
		return fmt.Errorf("write %s: %w", target, err)
	}
	if err := os.Chmod(temporary.Name(), 0o644); err != nil {
		return fmt.Errorf("write %s: %w", target, err)
	}
	return os.Rename(temporary.Name(), target)
}

func addImage(archive *tar.Writer, image v1.Image, ref, digestRef string) error {
	manifest, err := image.RawManifest()
	if err != nil {
		return err
	}
	digest, err := image.Digest()
	if err != nil {
		return err
	}
	index, err := json.Marshal(v1.IndexManifest{
		SchemaVersion: 2, MediaType: types.OCIImageIndex,
		Manifests: []v1.Descriptor{named(digest, len(manifest), ref), named(digest, len(manifest), digestRef)},
	})
	if err != nil {
		return err
	}
	config, err := image.RawConfigFile()
	if err != nil {
		return err
	}
	configName, err := image.ConfigName()
	if err != nil {
		return err
	}
	for _, part := range []struct {
		name    string
		content []byte
	}{
		{"oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`)},
		{"index.json", index},
		{blobPath(digest), manifest},
		{blobPath(configName), config},
	} {
		if err := addFile(archive, part.name, int64(len(part.content)), bytes.NewReader(part.content)); err != nil {
			return err
		}
	}
	return addLayers(archive, image)
}

func addLayers(archive *tar.Writer, image v1.Image) error {
	layers, err := image.Layers()
	if err != nil {
		return err
	}
	for _, layer := range layers {
		digest, err := layer.Digest()
		if err != nil {
			return err
		}
		size, err := layer.Size()
		if err != nil {
			return err
		}
		content, err := layer.Compressed()
		if err != nil {
			return err
		}
		err = addFile(archive, blobPath(digest), size, content)
		_ = content.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

func addFile(archive *tar.Writer, name string, size int64, content io.Reader) error {
	header := &tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: size, ModTime: epoch, Format: tar.FormatPAX}
	if err := archive.WriteHeader(header); err != nil {
		return err
	}
	_, err := io.Copy(archive, content)
	return err
}

func named(digest v1.Hash, size int, name string) v1.Descriptor {
	return v1.Descriptor{
		MediaType: types.OCIManifestSchema1, Digest: digest, Size: int64(size),
		Platform: &v1.Platform{OS: "linux", Architecture: architecture},
		Annotations: map[string]string{
			"io.containerd.image.name":          name,
			"org.opencontainers.image.ref.name": name,
		},
	}
}

func blobPath(digest v1.Hash) string { return "blobs/" + digest.Algorithm + "/" + digest.Hex }
