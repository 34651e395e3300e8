// Package form is what people fill in: forms as versioned JSON definitions, and the
// check of values against them, which finds every fault of every field. What
// happens to a form that was filled in is not its business: a definition carries a
// flow, which only package approval reads.
package form

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// Format is the version of definitions that this release understands.
const Format = 1

// Kind is what a field holds.
type Kind string

// The kinds of field, with the JSON of their values.
const (
	KindText   Kind = "text"   // string, one line, at most Max characters (200)
	KindNote   Kind = "note"   // string, several lines, at most Max characters (2000)
	KindNumber Kind = "number" // number from Min to Max
	KindMoney  Kind = "money"  // whole number of cents (分) from Min to Max
	KindDate   Kind = "date"   // "2026-11-22"
	KindHalf   Kind = "half"   // {"date": "2026-11-22", "half": "am" or "pm"}: half a day
	KindChoice Kind = "choice" // key of one of the options
	KindRows   Kind = "rows"   // list of objects with the columns' values, at most Max (100)
	KindFiles  Kind = "files"  // list of ids of uploaded files, at most Max (20)
)

// Option is one value of a choice.
type Option struct {
	Key      string      `json:"key"`
	Name     kernel.Text `json:"name"`
	EveryDay bool        `json:"everyDay,omitempty" doc:"Of a kind of leave: weekends and holidays count too"`
}

// Function is how a field is computed.
type Function string

// The functions.
const (
	Days    Function = "days"    // number of days from one half day to another; By names the choice of leave
	Sum     Function = "sum"     // money: of a column, "rows.amount"
	Capital Function = "capital" // text: money in Chinese numerals (大写)
)

// Compute makes a field's value from others; what a client sends for it is ignored.
type Compute struct {
	Fn Function `json:"fn" enum:"days,sum,capital"`
	Of []string `json:"of" doc:"Fields, or rows.column"`
	By string   `json:"by,omitempty" doc:"For days: the choice whose option says which days count"`
}

// Field is one input.
type Field struct {
	Key      string      `json:"key"`
	Kind     Kind        `json:"kind" enum:"text,note,number,money,date,half,choice,rows,files"`
	Name     kernel.Text `json:"name"`
	Hint     kernel.Text `json:"hint,omitempty"`
	Required bool        `json:"required,omitempty"`
	Min      float64     `json:"min,omitempty"`
	Max      float64     `json:"max,omitempty"`
	Options  []Option    `json:"options,omitempty"`
	Columns  []Field     `json:"columns,omitempty"`
	Compute  *Compute    `json:"compute,omitempty"`
}

// Period names the fields between which a person is away.
type Period struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Definition is one version of a form.
type Definition struct {
	V       int             `json:"v" doc:"Version of this format"`
	Key     string          `json:"key"`
	Version int             `json:"version"`
	Name    kernel.Text     `json:"name"`
	Hint    kernel.Text     `json:"hint,omitempty"`
	Prefix  string          `json:"prefix" doc:"First letters of its numbers"`
	Fields  []Field         `json:"fields"`
	Summary []string        `json:"summary" doc:"Fields shown in lists and on cards"`
	Away    *Period         `json:"away,omitempty" doc:"Of forms of leave"`
	Flow    json.RawMessage `json:"flow"`
}

var (
	word   = regexp.MustCompile(`^[a-z][a-zA-Z0-9_]{0,31}$`)
	prefix = regexp.MustCompile(`^[A-Z]{1,8}$`)
)

// Parse reads and checks a definition; the flow is left to who runs it. Code
// approval_newer for one in a format of a later release.
func Parse(raw []byte) (*Definition, error) {
	var format struct{ V int }
	if err := json.Unmarshal(raw, &format); err != nil {
		return nil, fmt.Errorf("read the form: %w", err)
	}
	if format.V > Format { // its fields may be of other shapes, too
		return nil, kernel.Unavailable("approval_newer").With("version", format.V)
	}
	d := &Definition{}
	if err := json.Unmarshal(raw, d); err != nil {
		return nil, fmt.Errorf("read the form: %w", err)
	}
	if d.V != Format {
		return nil, fmt.Errorf("read the form %s: format %d is not known to this release", d.Key, d.V)
	}
	if !word.MatchString(d.Key) || d.Version < 1 || !prefix.MatchString(d.Prefix) || !complete(d.Name) {
		return nil, fmt.Errorf("read the form %q: it needs a key, a version, a prefix of capitals and names", d.Key)
	}
	if err := checkFields(d.Fields, true); err != nil {
		return nil, fmt.Errorf("read the form %s: %w", d.Key, err)
	}
	if err := d.checkUses(); err != nil {
		return nil, fmt.Errorf("read the form %s: %w", d.Key, err)
	}
	return d, nil
}

func complete(t kernel.Text) bool { return t[kernel.ZhCN] != "" && t[kernel.En] != "" }

func checkFields(fields []Field, top bool) error {
	if len(fields) == 0 || len(fields) > 100 {
		return errors.New("it needs 1 to 100 fields")
	}
	seen := map[string]bool{}
	for _, f := range fields {
		if !word.MatchString(f.Key) || seen[f.Key] || !complete(f.Name) {
			return fmt.Errorf("field %q needs a key of its own and names", f.Key)
		}
		seen[f.Key] = true
		switch f.Kind {
		case KindText, KindNote, KindNumber, KindMoney, KindDate, KindHalf:
		case KindChoice:
			for _, o := range f.Options {
				if !word.MatchString(o.Key) || !complete(o.Name) {
					return fmt.Errorf("field %q: option %q needs a key and names", f.Key, o.Key)
				}
			}
			if len(f.Options) == 0 {
				return fmt.Errorf("field %q needs options", f.Key)
			}
		case KindRows, KindFiles:
			if !top {
				return fmt.Errorf("field %q cannot stand in rows", f.Key)
			}
			if f.Kind == KindRows {
				if err := checkFields(f.Columns, false); err != nil {
					return fmt.Errorf("field %q: %w", f.Key, err)
				}
			}
		default:
			return fmt.Errorf("field %q: kind %q is not known to this release", f.Key, f.Kind)
		}
	}
	return nil
}

// checkUses sees that what names fields names some that fit.
func (d *Definition) checkUses() error {
	for i, f := range d.Fields {
		if f.Compute == nil {
			continue
		}
		if err := d.checkCompute(f, d.Fields[:i]); err != nil {
			return fmt.Errorf("field %q: %w", f.Key, err)
		}
	}
	for _, key := range d.Summary {
		if d.Field(key) == nil {
			return fmt.Errorf("summary: no field %q", key)
		}
	}
	if d.Away != nil && (!isKind(d.Fields, d.Away.From, KindHalf) || !isKind(d.Fields, d.Away.To, KindHalf)) {
		return errors.New("away: needs two fields of half days")
	}
	return nil
}

// checkCompute looks at a computed field, which can use those before it.
func (d *Definition) checkCompute(f Field, before []Field) error {
	of, ok := f.Compute.Of, false
	switch f.Compute.Fn {
	case Days:
		ok = f.Kind == KindNumber && len(of) == 2 && isKind(before, of[0], KindHalf) && isKind(before, of[1], KindHalf) &&
			(f.Compute.By == "" || isKind(before, f.Compute.By, KindChoice))
	case Sum:
		if rows, column, found := column(before, of); found {
			ok = f.Kind == KindMoney && isKind(rows.Columns, column, KindMoney)
		}
	case Capital:
		ok = f.Kind == KindText && len(of) == 1 && isKind(before, of[0], KindMoney)
	}
	if !ok {
		return fmt.Errorf("%q cannot be computed from %v", f.Compute.Fn, of)
	}
	return nil
}

func isKind(fields []Field, key string, kind Kind) bool {
	return slices.ContainsFunc(fields, func(f Field) bool { return f.Key == key && f.Kind == kind })
}

// Field is the field of a key; nil if there is none.
func (d *Definition) Field(key string) *Field {
	for i := range d.Fields {
		if d.Fields[i].Key == key {
			return &d.Fields[i]
		}
	}
	return nil
}
