// Command openapi writes the description of the app's operations to the file that
// is its argument. It is for developers and no part of the product.
package main

import (
	"fmt"
	"log/slog"
	"os"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/office"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: openapi FILE")
	}
	app := office.New(office.Parts{
		Settings: func() contract.Settings { return contract.Settings{} },
		Clock:    kernel.SystemClock, Log: slog.New(slog.DiscardHandler),
	})
	raw, err := app.OpenAPI()
	if err != nil {
		return err
	}
	return os.WriteFile(args[0], raw, 0o644)
}
