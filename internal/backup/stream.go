package backup

import (
	"strconv"
	"strings"
)

// The part of a Stream after LineRows is the same for the same tables but for their
// rows, so whoever reads it knows each line before it comes.

// LineCopyEnd ends the rows of a table.
const LineCopyEnd = `\.`

// Settings fix how values are written as text: the same row always gives the same.
const Settings = `SET LOCAL client_encoding = 'UTF8'; SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'postgres'; ` +
	`SET LOCAL extra_float_digits = 3; SET LOCAL bytea_output = 'hex'; SET LOCAL xmloption = 'content';`

// Begin are the lines before the first table: whoever runs the stream with psql gets
// all of it or nothing, also where migrations had put rows.
func Begin(tables []Table) []string {
	lines := []string{"BEGIN;", Settings, "SET CONSTRAINTS ALL DEFERRED;"}
	if len(tables) == 0 {
		return lines
	}
	names := make([]string, len(tables))
	for i, t := range tables {
		names[i] = Quote(t.Name)
	}
	return append(lines, "TRUNCATE "+strings.Join(names, ", ")+";")
}

// CopyLine begins the rows of a table; schema may be empty.
func (t Table) CopyLine(schema string) string {
	return "COPY " + qualified(schema, t.Name) + " (" + t.columns() + ") FROM stdin;"
}

func (t Table) columns() string {
	quoted := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		quoted[i] = Quote(c)
	}
	return strings.Join(quoted, ", ")
}

// ReadBy is the query that reads a table in the order of its key, given as terms of ORDER BY.
func (t Table) ReadBy(schema string, order []string) string {
	return "COPY (SELECT " + t.columns() + " FROM " + qualified(schema, t.Name) + " ORDER BY " + strings.Join(order, ", ") + ") TO STDOUT"
}

// SetLine sets a sequence; schema may be empty.
func (s Sequence) SetLine(schema string) string {
	return "SELECT pg_catalog.setval('" + strings.ReplaceAll(qualified(schema, s.Name), "'", "''") + "', " +
		strconv.FormatInt(s.Value, 10) + ", " + strconv.FormatBool(s.Called) + ");"
}

// LineCommit follows the last sequence.
const LineCommit = "COMMIT;"

func qualified(schema, name string) string {
	if schema == "" {
		return Quote(name)
	}
	return Quote(schema) + "." + Quote(name)
}

// Quote makes an identifier of any name.
func Quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
