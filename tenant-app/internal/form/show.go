package form

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// Redact takes hidden fields out of values, and computed ones that would tell of
// them.
func (d *Definition) Redact(values map[string]any, hidden []string) map[string]any {
	if len(hidden) == 0 {
		return values
	}
	out := maps.Clone(values)
	for _, f := range d.Fields {
		if d.hides(f, hidden) {
			delete(out, f.Key)
		}
	}
	return out
}

func (d *Definition) hides(f Field, hidden []string) bool {
	if slices.Contains(hidden, f.Key) {
		return true
	}
	if f.Compute == nil {
		return false
	}
	return slices.ContainsFunc(f.Compute.Of, func(of string) bool {
		key, _, _ := strings.Cut(of, ".")
		source := d.Field(key)
		return source != nil && d.hides(*source, hidden)
	})
}

// Lines shows the fields of keys that have values and are not hidden; without keys
// all fields.
func (d *Definition) Lines(values map[string]any, keys, hidden []string) []kernel.Line {
	values = d.Redact(values, hidden)
	out := []kernel.Line{}
	for _, f := range d.Fields {
		value, there := values[f.Key]
		if !there || keys != nil && !slices.Contains(keys, f.Key) {
			continue
		}
		if text := f.show(value); text != nil {
			out = append(out, kernel.Line{Key: f.Key, Name: f.Name, Text: text})
		}
	}
	return out
}

// Table is a field of rows as it is printed.
type Table struct {
	Name kernel.Text
	Head []kernel.Text
	Rows [][]kernel.Text
}

// Tables shows the fields of rows that are not hidden.
func (d *Definition) Tables(values map[string]any, hidden []string) []Table {
	values = d.Redact(values, hidden)
	var out []Table
	for _, f := range d.Fields {
		rows, ok := values[f.Key].([]any)
		if f.Kind != KindRows || !ok {
			continue
		}
		table := Table{Name: f.Name}
		for _, column := range f.Columns {
			table.Head = append(table.Head, column.Name)
		}
		for _, entry := range rows {
			cells, _ := entry.(map[string]any)
			row := make([]kernel.Text, len(f.Columns))
			for i, column := range f.Columns {
				if value, there := cells[column.Key]; there {
					row[i] = column.show(value)
				}
			}
			table.Rows = append(table.Rows, row)
		}
		out = append(out, table)
	}
	return out
}

func same(text string) kernel.Text { return kernel.Text{kernel.ZhCN: text, kernel.En: text} }

// show writes a value for people; nil for what has no short form.
func (f Field) show(value any) kernel.Text {
	switch f.Kind {
	case KindChoice:
		at := slices.IndexFunc(f.Options, func(o Option) bool { return o.Key == value })
		if at < 0 {
			return same(fmt.Sprint(value))
		}
		return f.Options[at].Name
	case KindMoney:
		return same(Money(whole(value)))
	case KindNumber:
		if n, ok := value.(float64); ok {
			return same(strconv.FormatFloat(n, 'f', -1, 64))
		}
	case KindHalf:
		return showHalf(value)
	case KindRows:
		if rows, ok := value.([]any); ok {
			return kernel.Text{kernel.ZhCN: fmt.Sprintf("%d 项", len(rows)), kernel.En: fmt.Sprintf("%d items", len(rows))}
		}
	case KindFiles:
		if files, ok := value.([]any); ok && len(files) > 0 {
			return kernel.Text{kernel.ZhCN: fmt.Sprintf("%d 个附件", len(files)), kernel.En: fmt.Sprintf("%d files", len(files))}
		}
		return nil
	}
	if text, ok := value.(string); ok {
		return same(text)
	}
	return nil
}

func showHalf(value any) kernel.Text {
	day, half, ok := halfOf(value)
	if !ok {
		return nil
	}
	date := day.Format("2006-01-02")
	if half == "am" {
		return kernel.Text{kernel.ZhCN: date + " 上午", kernel.En: date + " morning"}
	}
	return kernel.Text{kernel.ZhCN: date + " 下午", kernel.En: date + " afternoon"}
}

// whole reads cents, also as they come back from JSON.
func whole(value any) int64 {
	switch n := value.(type) {
	case int64:
		return n
	case float64:
		return int64(n)
	}
	return 0
}

// Money writes cents as people read them: ¥1,020.05.
func Money(cents int64) string {
	sign := ""
	if cents < 0 {
		sign, cents = "-", -cents
	}
	yuan := strconv.FormatInt(cents/100, 10)
	for at := len(yuan) - 3; at > 0; at -= 3 {
		yuan = yuan[:at] + "," + yuan[at:]
	}
	return fmt.Sprintf("%s¥%s.%02d", sign, yuan, cents%100)
}
