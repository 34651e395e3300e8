package form

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
)

//go:embed definitions/*.json
var embedded embed.FS

// Service keeps the company's forms.
type Service struct {
	db    *store.DB
	clock kernel.Clock

	mu    sync.Mutex
	known map[versionKey]*Definition // versions never change, so they are read once
}

type versionKey struct {
	key     string
	version int
}

// New makes the forms of the company in db.
func New(db *store.DB, clock kernel.Clock) *Service {
	return &Service{db: db, clock: clock, known: map[versionKey]*Definition{}}
}

// Embedded are the forms that come with this release.
func Embedded() ([]*Definition, error) {
	names, err := fs.Glob(embedded, "definitions/*.json")
	if err != nil {
		return nil, err
	}
	out := make([]*Definition, 0, len(names))
	for _, name := range names {
		raw, err := embedded.ReadFile(name)
		if err != nil {
			return nil, err
		}
		d, err := Parse(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if want := fmt.Sprintf("definitions/%s.v%d.json", d.Key, d.Version); name != want {
			return nil, fmt.Errorf("%s must be called %s", name, want)
		}
		out = append(out, d)
	}
	return out, nil
}

// own are the forms of this release.
var own = sync.OnceValues(Embedded)

// newest are the newest versions that this release understands, by key: its own, and
// those of later releases that were used already.
func (s *Service) newest(ctx context.Context) (map[string]int, error) {
	forms, err := own()
	if err != nil {
		return nil, err
	}
	var rows []struct {
		Key     string `bun:"key"`
		Version int    `bun:"version"`
	}
	err = s.db.Q(ctx).NewRaw(`SELECT key, max(version) AS version FROM form_definition WHERE format <= ? GROUP BY key`, Format).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("list the forms: %w", err)
	}
	out := map[string]int{}
	for _, d := range forms {
		out[d.Key] = max(out[d.Key], d.Version)
	}
	for _, row := range rows {
		out[row.Key] = max(out[row.Key], row.Version)
	}
	return out, nil
}

// List are the newest versions that this release understands, the usual ones first.
func (s *Service) List(ctx context.Context) ([]*Definition, error) {
	newest, err := s.newest(ctx)
	if err != nil {
		return nil, err
	}
	var out []*Definition
	for key, version := range newest {
		d, err := s.version(ctx, key, version)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	usual := []string{"general", "expense", "leave"}
	slices.SortFunc(out, func(a, b *Definition) int {
		if order := slices.Index(usual, b.Key) - slices.Index(usual, a.Key); order != 0 {
			return order
		}
		return strings.Compare(a.Key, b.Key)
	})
	return out, nil
}

// Get is a version of a form; 0 is the newest. Code form_unknown if there is none.
func (s *Service) Get(ctx context.Context, key string, version int) (*Definition, error) {
	d, _, err := s.Find(ctx, key, version)
	return d, err
}

// Find is Get that also says whether the version is known to be written down.
func (s *Service) Find(ctx context.Context, key string, version int) (d *Definition, kept bool, err error) {
	if !word.MatchString(key) {
		return nil, false, kernel.NotFound("form_unknown")
	}
	if version == 0 {
		if version, kept, err = s.newestOf(ctx, key); err != nil {
			return nil, false, err
		}
	}
	d, err = s.version(ctx, key, version)
	return d, kept, err
}

// newestOf is the newest version of a form, and whether it is written down.
func (s *Service) newestOf(ctx context.Context, key string) (version int, kept bool, err error) {
	forms, err := own()
	if err != nil {
		return 0, false, err
	}
	var written int
	err = s.db.Q(ctx).NewRaw(`SELECT coalesce(max(version), 0) FROM form_definition WHERE key = ? AND format <= ?`, key, Format).Scan(ctx, &written)
	if err != nil {
		return 0, false, fmt.Errorf("look for the newest form: %w", err)
	}
	version = written
	for _, d := range forms {
		if d.Key == key {
			version = max(version, d.Version)
		}
	}
	return version, version == written, nil
}

// Keep writes a version down, before anything points at it: other releases on the
// same schema find it there.
func (s *Service) Keep(ctx context.Context, d *Definition) error {
	raw, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("write the form %s: %w", d.Key, err)
	}
	_, err = s.db.Q(ctx).NewRaw(`INSERT INTO form_definition (key, version, format, definition, created_at)
		VALUES (?, ?, ?, ?::jsonb, ?) ON CONFLICT DO NOTHING`, d.Key, d.Version, d.V, string(raw), s.clock()).Exec(ctx)
	if err != nil {
		return fmt.Errorf("keep the form %s: %w", d.Key, err)
	}
	return nil
}

func (s *Service) version(ctx context.Context, key string, version int) (*Definition, error) {
	at := versionKey{key, version}
	s.mu.Lock()
	d := s.known[at]
	s.mu.Unlock()
	if d != nil {
		return d, nil
	}
	forms, err := own()
	if err != nil {
		return nil, err
	}
	for _, d := range forms {
		if d.Key == key && d.Version == version {
			return d, nil
		}
	}
	var raw string
	err = s.db.Q(ctx).NewRaw(`SELECT definition::text FROM form_definition WHERE key = ? AND version = ?`, key, version).Scan(ctx, &raw)
	if store.IsNoRows(err) {
		return nil, kernel.NotFound("form_unknown")
	}
	if err != nil {
		return nil, fmt.Errorf("read the form %s: %w", key, err)
	}
	if d, err = Parse([]byte(raw)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.known[at] = d
	s.mu.Unlock()
	return d, nil
}

// Number gives the next number of a form on a day, as QJ20261122-0001. Numbers have
// no gaps: the counter's row stays locked until the caller's transaction ends, so
// take one last of all.
func (s *Service) Number(ctx context.Context, d *Definition, day time.Time) (string, error) {
	date := day.Format("20060102")
	var n int
	err := s.db.Q(ctx).NewRaw(`INSERT INTO number_rule AS r (prefix, day, last) VALUES (?, ?, 1)
		ON CONFLICT (prefix, day) DO UPDATE SET last = r.last + 1 RETURNING last`, d.Prefix, date).Scan(ctx, &n)
	if err != nil {
		return "", fmt.Errorf("take the next number: %w", err)
	}
	return fmt.Sprintf("%s%s-%04d", d.Prefix, date, n), nil
}
