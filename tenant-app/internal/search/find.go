package search

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"github.com/uptrace/bun"
)

const (
	// A window is searched before the weeks behind it, so that a word that is
	// everywhere costs what its newest places cost.
	firstWindow = 1 // weeks; each further window has four times as many
	lastWindow  = 64
	rowsAtOnce  = 200
	// maxRows bounds what one search reads where the index takes more than the text
	// holds, such as "ab" for the characters a and b apart.
	maxRows = 5000
)

// Hit is a place that was found.
type Hit struct {
	Kind    string    `json:"kind"`
	Ref     kernel.ID `json:"ref"`
	Title   []Part    `json:"title"`
	Snippet []Part    `json:"snippet"`
	In      []string  `json:"in" doc:"Containers, such as room:<id>"`
	At      time.Time `json:"at"`
	Shown
}

// Part is a piece of a text; those with Hit are what was looked for.
type Part struct {
	Text string `json:"text"`
	Hit  bool   `json:"hit,omitempty"`
}

// Request says what to find.
type Request struct {
	Typed      string
	Person     kernel.ID
	Kind       string   // empty: any
	Closed     []string // kinds of which the person may find none
	Containers []string // those of the person
	Cursor     string
	Limit      int
}

// Find gives hits, newest first.
func (s *Service) Find(ctx context.Context, r Request) (kernel.Page[Hit], error) {
	page := kernel.Page[Hit]{Items: []Hit{}}
	q := parse(r.Typed)
	before, err := decodePlace(r.Cursor, s.Clock())
	if err != nil || len(q.terms) == 0 || len(r.Containers) == 0 {
		return page, err
	}
	f := &finding{Service: s, q: q, r: r, at: before, seen: map[string]bool{}, places: map[string]place{}}
	newest, size := weekOf(before.at), int64(firstWindow)
	for first := newest; ; size *= 4 {
		w := window{oldest: first - size + 1, newest: first, open: size > lastWindow}
		if err := f.search(ctx, w); err != nil {
			return page, err
		}
		if len(f.hits) > r.Limit || w.open || f.read >= maxRows {
			break
		}
		first = w.oldest - 1
		f.at = place{at: time.Unix((first+1)*int64(week.Seconds()), 0).UTC(), id: kernel.NoID}
	}
	page = kernel.NewPage(f.hits, r.Limit, func(h Hit) []string { return f.places[h.Kind+h.Ref.String()].encode() })
	if page.Next == "" && f.read >= maxRows {
		page.Next = kernel.EncodeCursor(f.at.encode()...)
	}
	return page, nil
}

// place is where a page ends.
type place struct {
	at time.Time
	id kernel.ID
}

func (p place) encode() []string { return []string{p.at.UTC().Format(time.RFC3339Nano), p.id.String()} }

// decodePlace reads a cursor; without one it is behind all that there can be.
func decodePlace(cursor string, now time.Time) (place, error) {
	keys, err := kernel.DecodeCursor(cursor, 2)
	if err != nil {
		return place{}, err
	}
	if keys == nil {
		return place{at: now.Add(week), id: kernel.NoID}, nil
	}
	at, timeErr := time.Parse(time.RFC3339Nano, keys[0])
	id, idErr := kernel.ParseID(keys[1])
	if timeErr != nil || idErr != nil || at.Year() < 1970 || at.Year() > 9999 {
		return place{}, kernel.Malformed("cursor_malformed")
	}
	return place{at, id}, nil
}

// window is a span of weeks; open: and all before it.
type window struct {
	oldest, newest int64
	open           bool
}

// finding is one search on its way.
type finding struct {
	*Service
	q      query
	r      Request
	at     place // everything before it is still to be searched
	hits   []Hit
	places map[string]place
	seen   map[string]bool // an object with several passages is one hit
	read   int
}

// search reads a window until the page is full.
func (f *finding) search(ctx context.Context, w window) error {
	asked := f.asked(w)
	for len(f.hits) <= f.r.Limit && f.read < maxRows {
		var rows []row
		q := f.DB.Q(ctx).NewSelect().Model(&rows).Where("vector @@ ?::tsquery", asked).
			Where("(at, id) < (?, ?)", f.at.at, f.at.id).Order("at DESC", "id DESC").Limit(rowsAtOnce)
		if f.r.Kind != "" {
			q = q.Where("kind = ?", f.r.Kind)
		}
		if len(f.r.Closed) > 0 {
			q = q.Where("kind NOT IN (?)", bun.List(f.r.Closed))
		}
		if err := q.Scan(ctx); err != nil {
			return fmt.Errorf("search: %w", err)
		}
		f.read += len(rows)
		var matching []*row
		for i := range rows {
			f.at = place{rows[i].At, rows[i].ID}
			if f.matches(&rows[i]) {
				matching = append(matching, &rows[i])
			}
		}
		if err := f.take(ctx, matching); err != nil {
			return err
		}
		if len(rows) < rowsAtOnce {
			return nil
		}
	}
	return nil
}

// asked is what the index is asked: the words, one of the person's containers, and the
// weeks.
func (f *finding) asked(w window) string {
	in := make([]string, len(f.r.Containers))
	for i, c := range f.r.Containers {
		in[i] = quote("in:"+c, false)
	}
	all := []string{f.q.tsquery(), "(" + strings.Join(in, " | ") + ")"}
	if !w.open {
		weeks := make([]string, 0, w.newest-w.oldest+1)
		for n := w.oldest; n <= w.newest; n++ {
			weeks = append(weeks, quote(fmt.Sprintf("week:%d", n), false))
		}
		all = append(all, "("+strings.Join(weeks, " | ")+")")
	}
	return strings.Join(all, " & ")
}

func (r *row) key() string { return r.Kind + r.Ref.String() }

// matches says whether the text of a row really holds what was typed, and no row of its
// object was met before.
func (f *finding) matches(r *row) bool {
	if f.seen[r.key()] {
		return false
	}
	ok := f.q.holds(join(normalize(r.Title), normalize(r.Text), r.Names))
	if ok = ok || f.named(f.q, r.Names); ok {
		f.seen[r.key()] = true
	}
	return ok
}

// take makes rows hits if their objects are there for the person.
func (f *finding) take(ctx context.Context, rows []*row) error {
	refs := map[string][]kernel.ID{}
	for _, r := range rows {
		refs[r.Kind] = append(refs[r.Kind], r.Ref)
	}
	shown := map[string]map[kernel.ID]Shown{}
	for kind, of := range refs {
		show := f.kinds[kind].Show
		if show == nil {
			continue
		}
		var err error
		if shown[kind], err = show(ctx, f.r.Person, of); err != nil {
			return err
		}
	}
	for _, r := range rows {
		seen, there := shown[r.Kind][r.Ref]
		if !there && f.kinds[r.Kind].Show != nil {
			continue
		}
		f.places[r.key()] = place{r.At, r.ID}
		in := slices.DeleteFunc(slices.Clone(r.Containers), func(c string) bool { return !slices.Contains(f.r.Containers, c) })
		f.hits = append(f.hits, Hit{
			Kind: r.Kind, Ref: r.Ref, In: in, At: r.At, Shown: seen,
			Title: f.q.parts(r.Title, normalize(r.Title), false), Snippet: f.q.parts(r.Text, normalize(r.Text), true),
		})
	}
	return nil
}

// join puts the texts of a row together, apart from each other.
func join(title, text normal, names []string) normal {
	all := normal{runes: slices.Concat(title.runes, []rune{'\n'}, text.runes)}
	for _, name := range names {
		all.runes = append(append(all.runes, '\n'), normalize(name).runes...)
	}
	return all
}
