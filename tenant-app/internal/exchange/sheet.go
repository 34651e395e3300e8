// Package exchange brings tables in and out: it reads what office programs save
// (CSV in UTF-8, UTF-16 or GB18030, and xlsx), writes both, and runs the import and
// export of people over package directory. It knows no rule about people itself.
package exchange

import (
	"bytes"
	"strings"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// Limits of a file that is read. The memory that reading takes is bounded by them.
const (
	MaxFileBytes = 10 << 20
	MaxRows      = 20_000
	maxColumns   = 60
	maxCell      = 2_000 // bytes
)

// Format is a kind of file.
type Format string

// The formats that are written. Both, and several more kinds of CSV, are read.
const (
	XLSX Format = "xlsx"
	CSV  Format = "csv"
)

// Line is one row of a table.
type Line struct {
	Number int // as the office program shows it, from 1
	Cells  []string
}

// Cell is the trimmed text in a column, empty beyond the last one.
func (l Line) Cell(column int) string {
	if column < 0 || column >= len(l.Cells) {
		return ""
	}
	return strings.TrimSpace(l.Cells[column])
}

// Read reads a table from a CSV or xlsx file, told apart by content. Empty rows are
// left out. Every error is a kernel.Error that says what to do.
func Read(raw []byte) ([]Line, error) {
	switch {
	case len(raw) > MaxFileBytes:
		return nil, kernel.TooLarge("file_too_large").With("limit", MaxFileBytes)
	case bytes.HasPrefix(raw, []byte("PK\x03\x04")):
		return readXLSX(raw)
	case bytes.HasPrefix(raw, []byte{0xd0, 0xcf, 0x11, 0xe0}):
		// The container of .xls and of xlsx with a password.
		return nil, kernel.Invalid("file_old_or_locked")
	}
	return readCSV(raw)
}

// collector gathers rows and enforces the limits.
type collector struct{ lines []Line }

func (c *collector) add(number int, cells []string) error {
	last := len(cells)
	for last > 0 && strings.TrimSpace(cells[last-1]) == "" {
		last--
	}
	if last == 0 {
		return nil
	}
	if last > maxColumns {
		return kernel.Invalid("file_too_many_columns").With("limit", maxColumns).With("row", number)
	}
	for _, cell := range cells[:last] {
		if len(cell) > maxCell {
			return kernel.Invalid("file_cell_too_long").With("row", number)
		}
	}
	if len(c.lines) >= MaxRows+headerSearch {
		return kernel.Invalid("file_too_many_rows").With("limit", MaxRows)
	}
	line := Line{Number: number, Cells: make([]string, last)}
	for i, cell := range cells[:last] {
		line.Cells[i] = kernel.CleanText(cell)
	}
	c.lines = append(c.lines, line)
	return nil
}
