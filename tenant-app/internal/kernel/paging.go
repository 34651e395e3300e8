package kernel

import (
	"encoding/base64"
	"encoding/json"
)

// Limits of a page of a list.
const (
	DefaultPage = 50
	MaxPage     = 200
	maxCursor   = 2048
)

// Page is one page of a list. Next is the cursor of the following page, empty on
// the last one.
type Page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty" doc:"Cursor of the following page; absent on the last"`
}

// PageQuery is embedded in the input of an operation that lists.
type PageQuery struct {
	Cursor string `query:"cursor" maxLength:"2048" doc:"Value of next from the page before"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Items in a page"`
}

// Size is the number of items to give, within the limits.
func (q PageQuery) Size() int {
	switch {
	case q.Limit < 1:
		return DefaultPage
	case q.Limit > MaxPage:
		return MaxPage
	}
	return q.Limit
}

// NewPage cuts rows, of which the caller fetched one more than size, to a page;
// keys gives the sort keys of the last item that stays, for the cursor.
func NewPage[T any](rows []T, size int, keys func(T) []string) Page[T] {
	if len(rows) <= size {
		return Page[T]{Items: append([]T{}, rows...)}
	}
	rows = rows[:size]
	return Page[T]{Items: rows, Next: EncodeCursor(keys(rows[size-1])...)}
}

// EncodeCursor packs the sort keys of the last row into an opaque word.
func EncodeCursor(keys ...string) string {
	raw, _ := json.Marshal(keys) // strings always encode
	return base64.RawURLEncoding.EncodeToString(raw)
}

// DecodeCursor gives the keys back. An empty cursor gives nil: the first page. A
// cursor that does not hold exactly n keys is refused with code cursor_malformed.
func DecodeCursor(cursor string, n int) ([]string, error) {
	if cursor == "" {
		return nil, nil
	}
	if len(cursor) > maxCursor {
		return nil, Malformed("cursor_malformed")
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return nil, Malformed("cursor_malformed").Because(err)
	}
	var keys []string
	if err := json.Unmarshal(raw, &keys); err != nil || len(keys) != n {
		return nil, Malformed("cursor_malformed").Because(err)
	}
	return keys, nil
}
