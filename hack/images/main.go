// Command images builds the container images of Atrium without a Docker engine.
//
// An image is a folder under images/ with a Dockerfile of COPY lines; this
// program fills the folder that those lines copy from (the context), and writes
// an OCI archive that containerd, Docker (25 or newer) and registries take. The
// same commit gives the same bytes. It knows nothing of clusters.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

const usage = `usage: images build [NAME...]              build what is missing or stale, print NAME REF DIGEST ARCHIVE
       images push REGISTRY [NAME...]     build, then push; print NAME REF DIGEST
       images context NAME FOLDER         fill FOLDER for "docker build -f images/NAME/Dockerfile FOLDER"
       images list                        names of all images`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "images:", err)
		if errors.Is(err, errUsage) {
			os.Exit(2)
		}
		os.Exit(1)
	}
}

var errUsage = errors.New(usage)

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errUsage
	}
	workshop, err := newWorkshop(os.Stderr)
	if err != nil {
		return err
	}
	switch command, rest := args[0], args[1:]; {
	case command == "build":
		built, err := workshop.build(ctx, rest)
		for _, b := range built {
			fmt.Printf("%s\t%s\t%s\t%s\n", b.Name, b.Ref, b.Digest, b.Archive)
		}
		return err
	case command == "push" && len(rest) > 0:
		built, err := workshop.build(ctx, rest[1:])
		if err != nil {
			return err
		}
		for _, b := range built {
			ref, err := push(ctx, b, rest[0])
			if err != nil {
				return err
			}
			fmt.Printf("%s\t%s\t%s\n", b.Name, ref, b.Digest)
		}
		return nil
	case command == "context" && len(rest) == 2:
		folder, err := filepath.Abs(rest[1])
		if err != nil {
			return fmt.Errorf("find the folder %s: %w", rest[1], err)
		}
		return workshop.fill(ctx, rest[0], folder)
	case command == "list" && len(rest) == 0:
		for _, name := range names() {
			fmt.Println(name)
		}
		return nil
	}
	return errUsage
}
