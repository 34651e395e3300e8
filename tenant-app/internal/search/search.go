// Package search finds texts of all modules: Chinese by each character and each pair of
// neighbours, other scripts by words and their beginnings. Modules hand in what can be
// found and in which containers (rooms, people, everyone) it lies; who may see a
// container is part of what the index is asked, so a hit that somebody may not see does
// not exist, not even in a count.
package search

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
)

const (
	indexJob   = "search.index"
	indexDelay = 300 * time.Millisecond // many are indexed together
	indexBatch = 200
	week       = 7 * 24 * time.Hour
)

// Everyone is the container of what all who work here may find; outsiders may not.
const Everyone = "all"

// Entry is something that can be found.
type Entry struct {
	Kind      string // "message"
	Ref       kernel.ID
	Container []string // who may find it: "room:<id>", "person:<id>", Everyone
	Title     string
	Text      string
	Names     []string // of people: also found by pinyin
	At        time.Time
}

// Kind is what a module says of a kind of entry.
type Kind struct {
	// Right must be held to find any. Empty: none.
	Right string
	// Containers gives those that a person may see into now. May be nil.
	Containers func(ctx context.Context, person kernel.ID) ([]string, error)
	// Show tells what a person sees of objects in these containers; one that it leaves
	// out does not exist to them. May be nil: all of them are there.
	Show func(ctx context.Context, person kernel.ID, refs []kernel.ID) (map[kernel.ID]Shown, error)
}

// Shown is where a hit stands, as its reader may see it.
type Shown struct {
	Author    string     `json:"author,omitempty" doc:"Who wrote it"`
	Place     string     `json:"place,omitempty" doc:"Name of the room"`
	PlaceKind string     `json:"placeKind,omitempty" doc:"Kind of the room"`
	Seq       int64      `json:"seq,omitempty" doc:"Place in the room"`
	Thread    *kernel.ID `json:"thread,omitempty" format:"uuid" doc:"Message that began the thread"`
}

// Config is what search needs of others.
type Config struct {
	DB    *store.DB
	Clock kernel.Clock
	Jobs  *store.Jobs
	Log   *slog.Logger

	// Pinyin gives the likeliest reading of a name, syllables apart.
	Pinyin func(name string) string
	// People finds, by name, people whom the person behind ctx may see.
	People func(ctx context.Context, typed string, limit int) ([]FoundPerson, error)
}

// Service finds.
type Service struct {
	Config
	kinds    map[string]Kind // complete before the first request
	indexing *store.Soon
}

// New makes the service; indexing is one of the jobs.
func New(config Config) *Service {
	s := &Service{Config: config, kinds: map[string]Kind{}}
	s.indexing = config.Jobs.HandleSoon(indexJob, indexDelay, s.index)
	// What was written by a program that ended before it could ask for the index.
	config.Jobs.Every("search.index-left", time.Hour, s.index)
	return s
}

// On registers a kind of entry.
func (s *Service) On(name string, kind Kind) {
	if _, taken := s.kinds[name]; taken {
		panic("search: kind " + name + " is registered twice")
	}
	s.kinds[name] = kind
}

// row is a row of the table search_entry.
type row struct {
	bun.BaseModel `bun:"table:search_entry,alias:entry"`

	ID         kernel.ID `bun:"id,pk,type:uuid"`
	Kind       string    `bun:"kind"`
	Ref        kernel.ID `bun:"ref,type:uuid"`
	Passage    int       `bun:"passage"`
	Containers []string  `bun:"containers,array"`
	Names      []string  `bun:"names,array"`
	Title      string    `bun:"title"`
	Text       string    `bun:"text"`
	At         time.Time `bun:"at"`
}

// Add makes entries of new objects findable within two seconds, in the caller's
// transaction.
func (s *Service) Add(ctx context.Context, entries ...Entry) error {
	var rows []row
	for _, e := range entries {
		rows = append(rows, e.rows()...)
	}
	if len(rows) == 0 {
		return nil
	}
	_, err := s.DB.Q(ctx).NewInsert().Model(&rows).On("CONFLICT (kind, ref, passage) DO UPDATE").
		Set("containers = EXCLUDED.containers").Set("names = EXCLUDED.names").Set("title = EXCLUDED.title").Set("text = EXCLUDED.text").
		Set("at = EXCLUDED.at").Set("vector = NULL").Exec(ctx)
	if err != nil {
		return fmt.Errorf("make a %s findable: %w", entries[0].Kind, err)
	}
	s.indexing.Ask(ctx)
	return nil
}

// Put is Add for objects that may be findable already: what was there is replaced. Each
// object is named once.
func (s *Service) Put(ctx context.Context, entries ...Entry) error {
	if len(entries) == 0 {
		return nil
	}
	kept, args := make([]string, len(entries)), make([]any, 0, 3*len(entries))
	for i, e := range entries {
		kept[i], args = "(?, ?::uuid, ?::integer)", append(args, e.Kind, e.Ref, len(e.rows()))
	}
	_, err := s.DB.Q(ctx).NewRaw("DELETE FROM search_entry AS e USING (VALUES "+strings.Join(kept, ", ")+
		") AS kept (kind, ref, passages) WHERE e.kind = kept.kind AND e.ref = kept.ref AND e.passage >= kept.passages", args...).Exec(ctx)
	if err != nil {
		return fmt.Errorf("make a %s findable anew: %w", entries[0].Kind, err)
	}
	return s.Add(ctx, entries...)
}

// rows are the passages of an entry.
func (e Entry) rows() []row {
	var rows []row
	for i, text := range passages(kernel.CleanText(e.Text)) {
		rows = append(rows, row{
			ID: kernel.NewID(), Kind: e.Kind, Ref: e.Ref, Passage: i, Containers: append([]string{}, e.Container...), Names: append([]string{}, e.Names...),
			Title: kernel.CleanText(e.Title), Text: text, At: e.At,
		})
	}
	return rows
}

// Remove makes objects of a kind unfindable, in the caller's transaction.
func (s *Service) Remove(ctx context.Context, kind string, refs ...kernel.ID) error {
	if len(refs) == 0 {
		return nil
	}
	if _, err := s.DB.Q(ctx).NewDelete().Model((*row)(nil)).Where("kind = ?", kind).Where("ref IN (?)", bun.List(refs)).Exec(ctx); err != nil {
		return fmt.Errorf("make a %s unfindable: %w", kind, err)
	}
	return nil
}

// index makes the vectors of all rows that have none.
func (s *Service) index(ctx context.Context) error {
	for {
		n, err := s.indexSome(ctx)
		if err != nil || n < indexBatch {
			return err
		}
	}
}

func (s *Service) indexSome(ctx context.Context) (n int, err error) {
	err = s.DB.InTx(ctx, func(ctx context.Context) error {
		var rows []row
		err := s.DB.Q(ctx).NewSelect().Model(&rows).Where("vector IS NULL").Order("id").Limit(indexBatch).For("UPDATE SKIP LOCKED").Scan(ctx)
		if err != nil {
			return fmt.Errorf("read what is to be indexed: %w", err)
		}
		if n = len(rows); n == 0 {
			return nil
		}
		values := make([]any, 0, 2*n)
		list := make([]byte, 0, 40*n)
		for i := range rows {
			if i > 0 {
				list = append(list, ", "...)
			}
			list = append(list, "(?::uuid, ?::text[])"...)
			values = append(values, rows[i].ID, pgdialect.Array(s.lexemes(&rows[i])))
		}
		_, err = s.DB.Q(ctx).NewRaw("UPDATE search_entry SET vector = array_to_tsvector(made.lexemes) FROM (VALUES "+string(list)+
			") AS made (id, lexemes) WHERE search_entry.id = made.id", values...).Exec(ctx)
		if err != nil {
			return fmt.Errorf("index: %w", err)
		}
		return nil
	})
	return n, err
}

// lexemes are all that a row is found by. Containers and weeks hold a colon or begin
// with one, which no token does.
func (s *Service) lexemes(r *row) []string {
	set := tokenSet{}
	for _, text := range append([]string{r.Title, r.Text}, r.Names...) {
		for _, token := range tokens(normalize(text)) {
			set.add(token)
		}
	}
	for _, name := range r.Names {
		for _, token := range s.readings(name) {
			set.add(token)
		}
	}
	for _, c := range r.Containers {
		set.add("in:" + c)
	}
	set.add(weekToken(r.At))
	return set.list
}

func weekToken(at time.Time) string { return fmt.Sprintf("week:%d", weekOf(at)) }

func weekOf(at time.Time) int64 { return at.Unix() / int64(week.Seconds()) }
