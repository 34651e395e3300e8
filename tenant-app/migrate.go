package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log/slog"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/store"
	"atrium.dev/atrium/tenant-app/web"
)

// builtPage is the page that this program carries.
func builtPage() fs.FS {
	page, err := fs.Sub(web.Files, "dist")
	if err != nil {
		panic(err) // dist is embedded
	}
	return page
}

func migrate(ctx context.Context, dir, what string, out io.Writer, log *slog.Logger) error {
	switch what {
	case "up":
		return migrateUp(ctx, dir, log)
	case "status", "check":
		return migrateStatus(ctx, dir, what == "check", out)
	}
	return errUsage
}

func migrateUp(ctx context.Context, dir string, log *slog.Logger) error {
	m, err := mount(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { _ = m.db.Close() }()
	database, err := contract.LoadDatabase(dir)
	if err != nil {
		return &settingsError{err}
	}
	from, to, err := store.MigrateUp(ctx, database, log)
	if err != nil {
		return err
	}
	files, err := httpapi.NewPages(builtPage(), release, m.bucket).Upload(ctx)
	if err != nil {
		return err
	}
	log.InfoContext(ctx, "migrated", "from", from, "to", to, "release", release, "pageFiles", files)
	return nil
}

// migrateStatus prints the versions; with check, anything to migrate is an error.
func migrateStatus(ctx context.Context, dir string, check bool, out io.Writer) error {
	m, err := mount(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { _ = m.db.Close() }()
	version, err := describe(ctx, m)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(out).Encode(version); err != nil {
		return err
	}
	switch {
	case !check, version.SchemaVersion == version.NewestSchema:
		return nil
	case version.SchemaVersion > version.NewestSchema:
		return store.ErrSchemaNewer
	}
	return fmt.Errorf("the schema is at %d and this program knows %d; run migrate up", version.SchemaVersion, version.NewestSchema)
}

// describe is what PathVersion answers, without the start.
func describe(ctx context.Context, m *mounted) (contract.Version, error) {
	schema, err := m.db.SchemaVersion(ctx)
	if err != nil {
		return contract.Version{}, err
	}
	return contract.Version{
		Release: release, SchemaVersion: schema, OldestSchema: store.OldestSchema, NewestSchema: store.NewestSchema(),
		DataEpoch: m.Settings().DataEpoch,
	}, nil
}
