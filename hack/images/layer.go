package main

import (
	"archive/tar"
	"cmp"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// entry is one file, folder or link of an image.
type entry struct {
	name   string // in the image, without a leading slash; folders end with one
	source string // on this machine; empty for a folder that only holds others
}

// epoch is the time of everything in an image: a file's age must not change its bytes.
var epoch = time.Unix(0, 0).UTC()

// entries lists what the COPY lines of file put into the image, sorted, with
// every parent folder. Sources are looked up in context.
func entries(file dockerfile, context string) ([]entry, error) {
	found := map[string]entry{}
	for _, line := range file.copies {
		for _, source := range line.sources {
			if err := walkSource(found, filepath.Join(context, source), line.target); err != nil {
				return nil, fmt.Errorf("COPY %s: %w", source, err)
			}
		}
	}
	for name := range found {
		for parent := path.Dir(strings.TrimSuffix(name, "/")); parent != "."; parent = path.Dir(parent) {
			if _, ok := found[parent+"/"]; !ok {
				found[parent+"/"] = entry{name: parent + "/"}
			}
		}
	}
	list := make([]entry, 0, len(found))
	for _, e := range found {
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b entry) int { return cmp.Compare(a.name, b.name) })
	return list, nil
}

// walkSource follows Docker: a folder's content is copied, a file goes into a
// target that ends with a slash.
func walkSource(found map[string]entry, source, target string) error {
	info, err := os.Lstat(source)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		if strings.HasSuffix(target, "/") {
			target += filepath.Base(source)
		}
		name := strings.TrimPrefix(path.Clean(target), "/")
		found[name] = entry{name: name, source: source}
		return nil
	}
	return filepath.WalkDir(source, func(file string, d fs.DirEntry, err error) error {
		if err != nil || file == source {
			return err
		}
		relative, err := filepath.Rel(source, file)
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(path.Join(target, filepath.ToSlash(relative)), "/")
		switch {
		case d.IsDir():
			name += "/"
		case !d.Type().IsRegular() && d.Type()&fs.ModeSymlink == 0:
			return nil // devices and sockets have no place in an image
		}
		found[name] = entry{name: name, source: file}
		return nil
	})
}

// writeLayer writes list as a compressed layer. Owner is root throughout, as with
// Docker's COPY; set-user-id bits are dropped because no image here needs one.
func writeLayer(out io.Writer, list []entry) error {
	compressed, err := gzip.NewWriterLevel(out, gzip.BestSpeed)
	if err != nil {
		return err
	}
	archive := tar.NewWriter(compressed)
	for _, e := range list {
		if err := writeEntry(archive, e); err != nil {
			return fmt.Errorf("pack %s: %w", e.name, err)
		}
	}
	if err := archive.Close(); err != nil {
		return err
	}
	return compressed.Close()
}

func writeEntry(archive *tar.Writer, e entry) error {
	header := &tar.Header{Name: e.name, Typeflag: tar.TypeDir, Mode: 0o755, ModTime: epoch, Format: tar.FormatPAX}
	if e.source == "" {
		return archive.WriteHeader(header)
	}
	info, err := os.Lstat(e.source)
	if err != nil {
		return err
	}
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		header.Typeflag = tar.TypeSymlink
		header.Mode = 0o777
		if header.Linkname, err = os.Readlink(e.source); err != nil {
			return err
		}
		return archive.WriteHeader(header)
	case info.IsDir():
		header.Mode = int64(info.Mode().Perm())
		if info.Mode()&fs.ModeSticky != 0 {
			header.Mode |= 0o1000
		}
		return archive.WriteHeader(header)
	}
	header.Typeflag, header.Mode, header.Size = tar.TypeReg, int64(info.Mode().Perm()), info.Size()
	if err := archive.WriteHeader(header); err != nil {
		return err
	}
	content, err := os.Open(e.source)
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }()
	_, err = io.Copy(archive, content)
	return err
}
