package exchange

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

const utf8BOM = "\xef\xbb\xbf"

// decodeText turns a text file into UTF-8: by its byte order mark, else UTF-8 if
// it is valid as that, else GB18030, which Chinese Excel writes.
func decodeText(raw []byte) (string, error) {
	decoder := simplifiedchinese.GB18030.NewDecoder()
	switch {
	case bytes.HasPrefix(raw, []byte(utf8BOM)):
		raw = raw[len(utf8BOM):]
		if !utf8.Valid(raw) {
			return "", kernel.Invalid("file_encoding")
		}
		return string(raw), nil
	case bytes.HasPrefix(raw, []byte{0xff, 0xfe}), bytes.HasPrefix(raw, []byte{0xfe, 0xff}):
		decoder = unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder()
	case utf8.Valid(raw):
		return string(raw), nil
	}
	text, err := decoder.Bytes(raw)
	if err != nil || bytes.ContainsRune(text, utf8.RuneError) {
		return "", kernel.Invalid("file_encoding").Because(err)
	}
	return string(text), nil
}

// separator guesses what stands between the cells from the first lines.
func separator(text string) rune {
	counts := map[rune]int{}
	quoted, lines := false, 0
	for _, r := range text {
		switch {
		case r == '"':
			quoted = !quoted
		case quoted:
		case r == '\n':
			lines++
		case r == ',', r == ';', r == '\t':
			counts[r]++
		}
		if lines == headerSearch {
			break
		}
	}
	best := ','
	for _, r := range []rune{';', '\t'} {
		if counts[r] > counts[best] {
			best = r
		}
	}
	return best
}

func readCSV(raw []byte) ([]Line, error) {
	text, err := decodeText(raw)
	if err != nil {
		return nil, err
	}
	reader := csv.NewReader(strings.NewReader(text))
	reader.Comma = separator(text)
	reader.FieldsPerRecord = -1
	reader.LazyQuotes = true
	reader.ReuseRecord = true
	var c collector
	for {
		cells, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return c.lines, nil
		}
		if err != nil {
			return nil, kernel.Invalid("file_unreadable").Because(err)
		}
		number, _ := reader.FieldPos(0)
		for i := range cells {
			cells[i] = meant(cells[i], false)
		}
		if err := c.add(number, cells); err != nil {
			return nil, err
		}
	}
}

// quoted are what a cell is quoted for: also what another program, or readCSV, could
// take for the separator.
const quoted = ",;\t\"\r\n "

// writeCSV writes rows with a byte order mark, without which Excel reads Chinese
// text as something else.
func writeCSV(w io.Writer, rows [][]string) error {
	out := bufio.NewWriter(w)
	_, _ = out.WriteString(utf8BOM) // Flush tells
	for _, row := range rows {
		for i, cell := range row {
			if i > 0 {
				_ = out.WriteByte(',')
			}
			cell = guard(cell)
			if strings.ContainsAny(cell, quoted) {
				cell = `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
			}
			_, _ = out.WriteString(cell)
		}
		_, _ = out.WriteString("\r\n")
	}
	return out.Flush()
}

// formulaStart are the characters with which Excel, WPS and LibreOffice start a
// formula, also when the cell was text in the file.
const formulaStart = "=+-@\t\r\n＝＋－＠"

// guard keeps a spreadsheet from running text that somebody typed as a formula.
func guard(cell string) string {
	if isRead(cell) {
		return "'" + cell
	}
	return cell
}

// isRead says whether a spreadsheet, or Read, takes a cell for more than its text.
func isRead(cell string) bool {
	return cell != "" && strings.ContainsRune(formulaStart, firstRune(cell)) || digitsLost(cell)
}

// unguard takes away what guard put in front.
func unguard(cell string) string {
	rest, ok := strings.CutPrefix(cell, "'")
	if ok && isRead(rest) {
		return rest
	}
	return cell
}

// meant is what a cell was to say; exact: see plainNumber.
func meant(cell string, exact bool) string {
	if text := unguard(cell); text != cell {
		return text
	}
	return plainNumber(cell, exact)
}

func firstRune(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}
