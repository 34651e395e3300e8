package form

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// Limits of values unless the definition says less.
const (
	maxText  = 200
	maxNote  = 2000
	maxRows  = 100
	maxFiles = 20
	maxMoney = 1e13 // cents
)

// Calendar says which days are worked, of those from first to last; days are
// midnights in UTC.
type Calendar interface {
	Workdays(ctx context.Context, first, last time.Time) (func(day time.Time) bool, error)
}

// Reading is what was made of values that somebody sent.
type Reading struct {
	Values map[string]any      // as they are kept, computed fields included
	Faults []kernel.FieldError // all of them; paths begin with body.values
	Files  []kernel.ID         // uploads that the values name
}

// Read checks values against the definition: every fault is found at once. With
// partial, what is missing is no fault, for looking ahead while somebody types. The
// error is the calendar's.
func (d *Definition) Read(ctx context.Context, raw json.RawMessage, partial bool, calendar Calendar) (Reading, error) {
	r := &reader{partial: partial}
	sent, ok := object(raw)
	if !ok {
		r.fail("body.values", "value_type")
	}
	values := r.object(d.Fields, sent, "body.values")
	for _, f := range d.Fields {
		if f.Compute == nil {
			continue
		}
		if err := r.compute(ctx, d, f, values, calendar); err != nil {
			return Reading{}, err
		}
	}
	return Reading{Values: values, Faults: r.faults, Files: r.files}, nil
}

// Err is the faults as one error; nil if there are none.
func (r Reading) Err() error {
	if len(r.Faults) == 0 {
		return nil
	}
	err := kernel.Invalid("values_invalid")
	err.Fields = r.Faults
	return err
}

type reader struct {
	partial bool
	faults  []kernel.FieldError
	files   []kernel.ID
}

// fail notes a fault; params are names and values in turn.
func (r *reader) fail(at, code string, params ...any) {
	fault := kernel.FieldError{Field: at, Code: code}
	for i := 0; i+1 < len(params); i += 2 {
		if fault.Params == nil {
			fault.Params = kernel.Params{}
		}
		fault.Params[params[i].(string)] = params[i+1]
	}
	r.faults = append(r.faults, fault)
}

// object reads a JSON object without losing digits.
func object(raw json.RawMessage) (map[string]any, bool) {
	if len(raw) == 0 {
		return map[string]any{}, true
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var out map[string]any
	if err := decoder.Decode(&out); err != nil || out == nil || !utf8.Valid(raw) {
		return nil, false
	}
	return out, true
}

func (r *reader) object(fields []Field, sent map[string]any, at string) map[string]any {
	out := map[string]any{}
	for _, f := range fields {
		value, there := sent[f.Key]
		if f.Compute != nil {
			continue
		}
		path := at + "." + f.Key
		if !there || value == nil || value == "" {
			if f.Required && !r.partial {
				r.fail(path, "field_missing")
			}
			continue
		}
		before := len(r.faults)
		clean := r.value(f, value, path)
		if len(r.faults) == before {
			out[f.Key] = clean
		}
	}
	for key := range sent {
		if !slices.ContainsFunc(fields, func(f Field) bool { return f.Key == key }) {
			r.fail(at+"."+shorten(key), "field_unknown")
		}
	}
	return out
}

func shorten(key string) string {
	if len(key) > 40 {
		key = key[:40]
	}
	return string(bytes.ToValidUTF8([]byte(key), nil))
}

func (r *reader) value(f Field, value any, at string) any {
	switch f.Kind {
	case KindText:
		return r.text(value, at, limit(f.Max, maxText), false)
	case KindNote:
		return r.text(value, at, limit(f.Max, maxNote), true)
	case KindNumber:
		return r.number(f, value, at)
	case KindMoney:
		return r.money(f, value, at)
	case KindDate:
		if text, ok := value.(string); !ok || !isDate(text) {
			r.fail(at, "date_invalid")
		}
		return value
	case KindHalf:
		return r.half(value, at)
	case KindChoice:
		if !slices.ContainsFunc(f.Options, func(o Option) bool { return o.Key == value }) {
			r.fail(at, "choice_unknown")
		}
		return value
	case KindRows:
		return r.rows(f, value, at)
	case KindFiles:
		return r.fileIDs(f, value, at)
	}
	r.fail(at, "value_type") // Parse lets no other kind pass
	return nil
}

func limit(wanted float64, most int) int {
	if wanted >= 1 && wanted < float64(most) {
		return int(wanted)
	}
	return most
}

func (r *reader) text(value any, at string, most int, lines bool) any {
	text, ok := value.(string)
	if !ok {
		r.fail(at, "value_type")
		return nil
	}
	if utf8.RuneCountInString(text) > most {
		r.fail(at, "text_too_long", "max", most)
	}
	for _, c := range text {
		if c == utf8.RuneError || unicode.IsControl(c) && (!lines || c != '\n' && c != '\t') {
			r.fail(at, "text_invalid")
			break
		}
	}
	return text
}

func (r *reader) number(f Field, value any, at string) any {
	n, ok := value.(json.Number)
	if !ok {
		r.fail(at, "value_type")
		return nil
	}
	number, err := n.Float64()
	if err != nil || math.IsInf(number, 0) || number < f.Min || f.Max != 0 && number > f.Max {
		r.fail(at, "number_range", "min", f.Min, "max", f.Max)
	}
	return number
}

func (r *reader) money(f Field, value any, at string) any {
	n, ok := value.(json.Number)
	if !ok {
		r.fail(at, "value_type")
		return nil
	}
	cents, err := strconv.ParseInt(n.String(), 10, 64)
	most := f.Max
	if most == 0 {
		most = maxMoney
	}
	if err != nil || float64(cents) < f.Min || float64(cents) > most {
		r.fail(at, "money_range", "min", f.Min, "max", most)
	}
	return cents
}

func isDate(text string) bool {
	day, err := time.Parse(time.DateOnly, text)
	return err == nil && day.Year() >= 1900 && day.Year() < 2200
}

func (r *reader) half(value any, at string) any {
	parts, ok := value.(map[string]any)
	if !ok {
		r.fail(at, "value_type")
		return nil
	}
	date, _ := parts["date"].(string)
	half, _ := parts["half"].(string)
	if !isDate(date) || half != "am" && half != "pm" || len(parts) != 2 {
		r.fail(at, "date_invalid")
	}
	return map[string]any{"date": date, "half": half}
}

func (r *reader) rows(f Field, value any, at string) any {
	list, ok := value.([]any)
	if !ok {
		r.fail(at, "value_type")
		return nil
	}
	if most := limit(f.Max, maxRows); len(list) > most {
		r.fail(at, "rows_too_many", "max", most)
		return nil
	}
	if f.Required && len(list) == 0 && !r.partial {
		r.fail(at, "field_missing")
	}
	out := make([]any, 0, len(list))
	for i, row := range list {
		path := at + "[" + strconv.Itoa(i) + "]"
		if fields, ok := row.(map[string]any); ok {
			out = append(out, r.object(f.Columns, fields, path))
		} else {
			r.fail(path, "value_type")
		}
	}
	return out
}

func (r *reader) fileIDs(f Field, value any, at string) any {
	list, ok := value.([]any)
	if !ok {
		r.fail(at, "value_type")
		return nil
	}
	if most := limit(f.Max, maxFiles); len(list) > most {
		r.fail(at, "attachments_too_many", "max", most)
		return nil
	}
	if f.Required && len(list) == 0 && !r.partial {
		r.fail(at, "field_missing")
	}
	out := make([]any, 0, len(list))
	for i, entry := range list {
		text, _ := entry.(string)
		id, err := kernel.ParseID(text)
		if err != nil || id == kernel.NoID || slices.Contains(r.files, id) {
			r.fail(at+"["+strconv.Itoa(i)+"]", "file_unknown")
			continue
		}
		r.files = append(r.files, id)
		out = append(out, text)
	}
	return out
}
