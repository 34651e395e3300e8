package exchange

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"strings"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"github.com/xuri/excelize/v2"
)

// What the parts of an xlsx file may unpack to. Sheets are read as a stream, the
// other parts become many small objects.
const (
	maxParts       = 500
	maxSheetBytes  = 48 << 20
	maxStringBytes = 16 << 20
	maxOtherBytes  = 4 << 20
	maxStrings     = 400_000
)

// checkBomb refuses an archive that unpacks to more than a table of MaxRows needs.
func checkBomb(raw []byte) error {
	archive, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return kernel.Invalid("file_unreadable").Because(err)
	}
	if len(archive.File) > maxParts {
		return kernel.Invalid("file_bomb")
	}
	var sheets, strs, others uint64
	for _, part := range archive.File {
		// A part that unpacks to more than it declares fails when it is read.
		size := part.UncompressedSize64
		switch name := strings.ToLower(part.Name); {
		case size > maxSheetBytes:
			return kernel.Invalid("file_bomb")
		case strings.HasPrefix(name, "xl/worksheets/"):
			sheets += size
		case strings.HasSuffix(name, "sharedstrings.xml"):
			strs += size
			if err := checkStrings(part); err != nil {
				return err
			}
		case !strings.HasPrefix(name, "xl/media/"):
			others += size
		}
	}
	if sheets > maxSheetBytes || strs > maxStringBytes || others > maxOtherBytes {
		return kernel.Invalid("file_bomb")
	}
	return nil
}

// checkStrings counts the strings: five bytes of file become a hundred of memory.
func checkStrings(part *zip.File) error {
	if part.UncompressedSize64 > maxStringBytes {
		return kernel.Invalid("file_bomb")
	}
	stream, err := part.Open()
	if err != nil {
		return kernel.Invalid("file_unreadable").Because(err)
	}
	defer func() { _ = stream.Close() }()
	text, err := io.ReadAll(io.LimitReader(stream, maxStringBytes))
	if err != nil {
		return kernel.Invalid("file_unreadable").Because(err)
	}
	if bytes.Count(text, []byte("<")) > 6*maxStrings || bytes.Count(text, []byte("<si")) > maxStrings {
		return kernel.Invalid("file_bomb")
	}
	return nil
}

// readXLSX reads the first sheet that has a header of people, or else the first.
func readXLSX(raw []byte) (lines []Line, err error) {
	if err := checkBomb(raw); err != nil {
		return nil, err
	}
	// Equal limits keep the library from unpacking into files.
	const limit = maxSheetBytes + maxStringBytes + maxOtherBytes + MaxFileBytes
	book, err := excelize.OpenReader(bytes.NewReader(raw), excelize.Options{UnzipSizeLimit: limit, UnzipXMLSizeLimit: limit, RawCellValue: true})
	if err != nil {
		return nil, kernel.Invalid("file_unreadable").Because(err)
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	for _, sheet := range book.GetSheetList() {
		found, err := readSheet(book, sheet)
		if err != nil {
			return nil, err
		}
		if _, _, ok := findHeader(found); ok {
			return found, nil
		}
		if lines == nil {
			lines = found
		}
	}
	return lines, nil
}

func readSheet(book *excelize.File, sheet string) ([]Line, error) {
	rows, err := book.Rows(sheet)
	if err != nil {
		return nil, kernel.Invalid("file_unreadable").Because(err)
	}
	defer func() { _ = rows.Close() }()
	var c collector
	for number := 1; rows.Next(); number++ {
		cells, err := rows.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return nil, kernel.Invalid("file_unreadable").Because(err).With("row", number)
		}
		for i := range cells {
			cells[i] = meant(cells[i], true)
		}
		if err := c.add(number, cells); err != nil {
			return nil, err
		}
	}
	if err := rows.Error(); err != nil {
		return nil, kernel.Invalid("file_unreadable").Because(err)
	}
	return c.lines, nil
}

const textFormat = 49 // "@": what is typed or stored stays text

// writeXLSX writes one sheet in which every cell is text, so that numbers of
// identity and phone keep their digits and nothing is a formula. notes, if any,
// fill a second sheet.
func writeXLSX(w io.Writer, name string, rows [][]string, notes [][]string) (err error) {
	book := excelize.NewFile()
	defer func() { err = errors.Join(err, book.Close()) }()
	if err := book.SetSheetName("Sheet1", name); err != nil {
		return err
	}
	if err := fillSheet(book, name, rows, true); err != nil {
		return err
	}
	if len(notes) > 0 {
		if _, err := book.NewSheet(notesSheet); err != nil {
			return err
		}
		if err := fillSheet(book, notesSheet, notes, false); err != nil {
			return err
		}
	}
	return book.Write(w)
}

func fillSheet(book *excelize.File, name string, rows [][]string, header bool) error {
	text, err := book.NewStyle(&excelize.Style{NumFmt: textFormat})
	if err != nil {
		return err
	}
	bold, err := book.NewStyle(&excelize.Style{NumFmt: textFormat, Font: &excelize.Font{Bold: true}})
	if err != nil {
		return err
	}
	stream, err := book.NewStreamWriter(name)
	if err != nil {
		return err
	}
	// Whole columns are text, so that what people type below is, too.
	if err := errors.Join(stream.SetColStyle(1, maxColumns, text), stream.SetColWidth(1, maxColumns, 18)); err != nil {
		return err
	}
	if header {
		if err := stream.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
			return err
		}
	}
	for i, row := range rows {
		style := text
		if header && i == 0 {
			style = bold
		}
		cells := make([]any, len(row))
		for j, value := range row {
			if digitsLost(value) { // text in this file too, which Read does not see
				value = guard(value)
			}
			cells[j] = excelize.Cell{StyleID: style, Value: value}
		}
		at, err := excelize.CoordinatesToCellName(1, i+1)
		if err != nil {
			return err
		}
		if err := stream.SetRow(at, cells); err != nil {
			return err
		}
	}
	return stream.Flush()
}
