// Package kernel holds the few types that every package of the app speaks in: ids,
// the clock, errors with a code, cursors, locales, the person behind a request and
// the normal form of what people sign in with. It knows neither HTTP nor SQL.
package kernel

import (
	"time"

	"github.com/google/uuid"
)

// ID names any object. It is a UUIDv7: it sorts by the time it was made, so that
// index pages fill from one side.
type ID = uuid.UUID

// NoID is the id of nothing.
var NoID = uuid.Nil

// NewID makes an id.
func NewID() ID {
	return uuid.Must(uuid.NewV7()) // fails only if the system has no randomness
}

// ParseID reads an id as it stands in a URL or a cursor.
func ParseID(s string) (ID, error) {
	id, err := uuid.Parse(s)
	if err != nil || id.String() != s {
		return NoID, Invalid("id_malformed")
	}
	return id, nil
}

// Clock tells the time; tests turn it.
type Clock func() time.Time

// SystemClock is the time in UTC, cut to what PostgreSQL keeps (microseconds), so
// that a value read back equals the one written.
func SystemClock() time.Time {
	return time.Now().UTC().Truncate(time.Microsecond)
}
