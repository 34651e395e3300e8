package exchange

import (
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
			cells[i] = plainNumber(unguard(cells[i]), false)
		}
		if err := c.add(number, cells); err != nil {
			return nil, err
		}
	}
}

// writeCSV writes rows with a byte order mark, without which Excel reads Chinese
// text as something else.
func writeCSV(w io.Writer, rows [][]string) error {
	if _, err := io.WriteString(w, utf8BOM); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	for _, row := range rows {
		safe := make([]string, len(row))
		for i, cell := range row {
			safe[i] = guard(cell)
		}
		if err := out.Write(safe); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// formulaStart are the characters with which Excel, WPS and LibreOffice start a
// formula, also when the cell was text in the file.
const formulaStart = "=+-@\t\r\n＝＋－＠"

// guard keeps a spreadsheet from running text that somebody typed as a formula.
func guard(cell string) string {
	if cell != "" && strings.ContainsRune(formulaStart, firstRune(cell)) {
		return "'" + cell
	}
	return cell
}

// unguard takes away what guard put in front.
func unguard(cell string) string {
	rest, ok := strings.CutPrefix(cell, "'")
	if ok && rest != "" && strings.ContainsRune(formulaStart, firstRune(rest)) {
		return rest
	}
	return cell
}

func firstRune(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}
