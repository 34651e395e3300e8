package image

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// Described returns the digest of each image that an OCI archive names. A
// docker-archive says no digests: the result is empty.
func Described(path string) (map[string]string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("look into an image archive: %w", err)
	}
	defer func() { _ = file.Close() }()
	for reader := tar.NewReader(file); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("look into the image archive %s: %w; build it again", path, err)
		}
		if header.Name == "index.json" {
			return readIndex(path, reader)
		}
	}
}

// maxIndex bounds an index in bytes: it lists a handful of images.
const maxIndex = 1 << 20

func readIndex(path string, content io.Reader) (map[string]string, error) {
	var index struct {
		Manifests []struct {
			Digest      string
			Annotations map[string]string
		}
	}
	if err := json.NewDecoder(io.LimitReader(content, maxIndex)).Decode(&index); err != nil {
		return nil, fmt.Errorf("look into the image archive %s: its index.json: %w; build it again", path, err)
	}
	digests := map[string]string{}
	for _, manifest := range index.Manifests {
		if name := manifest.Annotations["io.containerd.image.name"]; name != "" {
			digests[name] = manifest.Digest
		}
	}
	return digests, nil
}

// Holds says whether images, as List tells them, has all that an archive describes.
func Holds(images, described map[string]string) bool {
	for name, digest := range described {
		if images[name] != digest {
			return false
		}
	}
	return len(described) > 0
}
