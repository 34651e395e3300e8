// Package image writes images of single static programs without a Docker
// engine and brings image archives into containerd.
package image

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// Program is an image from scratch that holds one file, run by an unprivileged user.
type Program struct {
	Name string // with tag
	File string // static executable on this machine
}

// unprivileged is the user of images from scratch, "nobody" by number.
const unprivileged = "65532:65532"

// Write writes a docker-archive: the same bytes for the same program.
func (p Program) Write(to io.Writer) error {
	layer, err := p.layer()
	if err != nil {
		return fmt.Errorf("write the image %s: %w", p.Name, err)
	}
	diff := sha256.Sum256(layer)
	config, err := json.Marshal(map[string]any{
		"architecture": runtime.GOARCH,
		"os":           "linux",
		"config":       map[string]any{"Entrypoint": []string{"/" + filepath.Base(p.File)}, "User": unprivileged},
		"rootfs":       map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + hex.EncodeToString(diff[:])}},
	})
	if err != nil {
		return err
	}
	sum := sha256.Sum256(config)
	configName := hex.EncodeToString(sum[:]) + ".json"
	manifest, err := json.Marshal([]map[string]any{{
		"Config": configName, "RepoTags": []string{p.Name}, "Layers": []string{"layer.tar"},
	}})
	if err != nil {
		return err
	}
	archive := tar.NewWriter(to)
	for _, file := range []struct {
		name    string
		content []byte
	}{{configName, config}, {"layer.tar", layer}, {"manifest.json", manifest}} {
		if err := add(archive, file.name, file.content, 0o644); err != nil {
			return err
		}
	}
	return archive.Close()
}

func (p Program) layer() ([]byte, error) {
	content, err := os.ReadFile(p.File)
	if err != nil {
		return nil, err
	}
	var layer bytes.Buffer
	archive := tar.NewWriter(&layer)
	if err := add(archive, filepath.Base(p.File), content, 0o755); err != nil {
		return nil, err
	}
	err = archive.Close()
	return layer.Bytes(), err
}

func add(archive *tar.Writer, name string, content []byte, mode int64) error {
	header := &tar.Header{Name: name, Mode: mode, Size: int64(len(content)), ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR}
	if err := archive.WriteHeader(header); err != nil {
		return err
	}
	_, err := archive.Write(content)
	return err
}
