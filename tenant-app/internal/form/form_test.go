package form_test

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"atrium.dev/atrium/tenant-app/internal/form"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// week is worked from Monday to Friday.
type week struct{}

func (week) Workdays(context.Context, time.Time, time.Time) (func(time.Time) bool, error) {
	return func(day time.Time) bool { return day.Weekday() != time.Saturday && day.Weekday() != time.Sunday }, nil
}

func embedded(t testing.TB, key string) *form.Definition {
	t.Helper()
	forms, err := form.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(forms, func(d *form.Definition) bool { return d.Key == key })
	if at < 0 {
		t.Fatalf("no form %s", key)
	}
	return forms[at]
}

func read(t testing.TB, key, values string) form.Reading {
	t.Helper()
	r, err := embedded(t, key).Read(t.Context(), json.RawMessage(values), false, week{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func faults(r form.Reading) []string {
	out := []string{}
	for _, f := range r.Faults {
		out = append(out, strings.TrimPrefix(f.Field, "body.values.")+" "+f.Code)
	}
	slices.Sort(out)
	return out
}

// 2026-11-20 is a Friday.
func TestDaysOfLeaveAreCounted(t *testing.T) {
	for _, try := range []struct {
		kind, from, to string
		days           any
		fault          string
	}{
		{"annual", "2026-11-20 am", "2026-11-20 pm", 1.0, ""},
		{"annual", "2026-11-20 am", "2026-11-20 am", 0.5, ""},
		{"annual", "2026-11-20 pm", "2026-11-20 pm", 0.5, ""},
		{"annual", "2026-11-20 pm", "2026-11-23 am", 1.0, ""},
		{"annual", "2026-11-20 am", "2026-11-24 pm", 3.0, ""},
		{"annual", "2026-11-19 pm", "2026-11-21 am", 1.5, ""},
		{"maternity", "2026-11-20 am", "2026-11-24 pm", 5.0, ""},
		{"annual", "2026-11-21 am", "2026-11-22 pm", nil, "to days_none"},
		{"annual", "2026-11-20 pm", "2026-11-20 am", nil, "to range_reversed"},
		{"annual", "2026-11-20 am", "2026-11-19 am", nil, "to range_reversed"},
		{"annual", "2026-11-20 am", "2028-11-20 am", nil, "to range_too_long"},
	} {
		half := func(text string) string {
			date, part, _ := strings.Cut(text, " ")
			return `{"date": "` + date + `", "half": "` + part + `"}`
		}
		r := read(t, "leave", `{"type": "`+try.kind+`", "from": `+half(try.from)+`, "to": `+half(try.to)+`, "reason": "x", "days": 99}`)
		if got := strings.Join(faults(r), ", "); r.Values["days"] != try.days || got != try.fault {
			t.Errorf("%s from %s to %s: %v days, faults %q", try.kind, try.from, try.to, r.Values["days"], got)
		}
	}
}

func TestEveryFaultIsFoundAtOnce(t *testing.T) {
	r := read(t, "expense", `{"subject": "`+strings.Repeat("长", 101)+`", "rows": [
		{"date": "2026-02-30", "category": "travel", "amount": 100},
		{"date": "2026-11-20", "category": "bribes", "amount": 0},
		{"date": "2026-11-20", "category": "travel", "amount": 1.5, "extra": 1},
		"a row", {}
	], "files": ["nonsense", "0190a000-0000-7000-8000-000000000001", "0190a000-0000-7000-8000-000000000001"], "nonsense": 1}`)
	want := []string{
		"files[0] file_unknown", "files[2] file_unknown", "nonsense field_unknown",
		"rows[0].date date_invalid", "rows[1].amount money_range", "rows[1].category choice_unknown",
		"rows[2].amount money_range", "rows[2].extra field_unknown", "rows[3] value_type",
		"rows[4].amount field_missing", "rows[4].category field_missing", "rows[4].date field_missing", "subject text_too_long",
	}
	if got := faults(r); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if r.Err() == nil || !kernel.HasCode(r.Err(), "values_invalid") {
		t.Errorf("Err = %v", r.Err())
	}
}

func TestWrongTypesAndControlCharactersAreFaults(t *testing.T) {
	for values, want := range map[string]string{
		`{"subject": 1, "content": "x"}`:                           "subject value_type",
		`{"subject": "a\u0000b", "content": "x"}`:                  "subject text_invalid",
		`{"subject": "a\nb", "content": "x\ny"}`:                   "subject text_invalid",
		`{"subject": "a", "content": {}}`:                          "content value_type",
		`{"subject": "a", "content": "x", "files": "x"}`:           "files value_type",
		`{"subject": null, "content": ""}`:                         "content field_missing, subject field_missing",
		`{"subject": "<script>alert(1)</script>", "content": "x"}`: "",
	} {
		if got := strings.Join(faults(read(t, "general", values)), ", "); got != want {
			t.Errorf("%s: %q, want %q", values, got, want)
		}
	}
	if r := read(t, "general", `[1]`); len(r.Faults) == 0 {
		t.Error("a list was taken for values")
	}
}

func TestMoneyInCapitals(t *testing.T) {
	for cents, want := range map[int64]string{
		0: "零元整", 1: "壹分", 10: "壹角整", 11: "壹角壹分", 100: "壹元整", 105: "壹元零伍分", 150: "壹元伍角整",
		1000: "壹拾元整", 123456: "壹仟贰佰叁拾肆元伍角陆分", 10000000: "壹拾万元整", 10050000: "壹拾万零伍佰元整",
		102005: "壹仟零贰拾元零伍分", 1000000005: "壹仟万元零伍分", 10000000500: "壹亿零伍元整", 100000000000000: "壹万亿元整",
		120000000000000: "壹万贰仟亿元整", -100: "负壹元整", 1000100000000: "壹佰亿零壹佰万元整",
	} {
		if got := form.Capitals(cents); got != want {
			t.Errorf("%d cents: %s, want %s", cents, got, want)
		}
	}
}

func TestWhatTellsOfAHiddenFieldIsHidden(t *testing.T) {
	d := embedded(t, "expense")
	values := read(t, "expense", `{"subject": "x", "rows": [{"date": "2026-11-20", "category": "travel", "amount": 700}]}`).Values
	shown := d.Redact(values, []string{"rows"})
	if len(shown) != 1 || shown["subject"] != "x" {
		t.Errorf("shown %v", shown)
	}
	if lines := d.Lines(values, d.Summary, []string{"rows"}); len(lines) != 1 {
		t.Errorf("lines %v", lines)
	}
	if lines := d.Lines(values, d.Summary, nil); len(lines) != 2 || lines[1].Text[kernel.ZhCN] != "¥7.00" {
		t.Errorf("lines %v", lines)
	}
}

// Values are refused field by field, or read the same from what is kept of them.
func FuzzValues(f *testing.F) {
	for _, seed := range []string{
		`{"subject": "㛃·𠮷", "content": "a\tb"}`, `{"subject": "x", "rows": [{"date": "2026-11-20", "category": "travel", "amount": 700}]}`,
		`{"kind": "annual", "from": {"date": "2026-11-20", "half": "am"}, "to": {"date": "2026-11-20", "half": "pm"}, "reason": "x"}`, `{}`, `[]`, `{"rows": [{"amount": 1e400}]}`, `{"from": {"date": "2026-11-20", "half": "am"}}`, "{\"subject\": \"\xff\"}",
	} {
		f.Add(seed)
	}
	forms, err := form.Embedded()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, values string) {
		for _, d := range forms {
			r, err := d.Read(t.Context(), json.RawMessage(values), false, week{})
			if err != nil {
				t.Fatal(err)
			}
			d.Lines(r.Values, nil, nil)
			if r.Err() == nil {
				again(t, d, r)
			}
		}
	})
}

// again reads what is kept of values.
func again(t *testing.T, d *form.Definition, first form.Reading) {
	t.Helper()
	kept, err := json.Marshal(first.Values)
	if err != nil {
		t.Fatalf("what was taken cannot be kept: %v", err)
	}
	second, err := d.Read(t.Context(), kept, false, week{})
	if err != nil || second.Err() != nil {
		t.Fatalf("%s was taken once, and then refused: %v %v", kept, err, second.Faults)
	}
	if twice, err := json.Marshal(second.Values); err != nil || !bytes.Equal(twice, kept) {
		t.Fatalf("%s reads as %s (%v)", kept, twice, err)
	}
}

// A definition is refused, or means the same when it is kept and read.
func FuzzDefinition(f *testing.F) {
	forms, err := form.Embedded()
	if err != nil {
		f.Fatal(err)
	}
	for _, d := range forms {
		raw, err := json.Marshal(d)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw, []byte(`{"from": {"date": "2026-11-20", "half": "am"}}`))
	}
	f.Fuzz(func(t *testing.T, raw, values []byte) {
		d, err := form.Parse(raw)
		if err != nil {
			return
		}
		kept, err := json.Marshal(d)
		if err != nil {
			return // the flow is no JSON: it never was kept
		}
		if second, err := form.Parse(kept); err != nil {
			t.Fatalf("a definition that was taken is refused as it is kept: %v: %s", err, kept)
		} else if twice, err := json.Marshal(second); err != nil || !bytes.Equal(twice, kept) {
			t.Fatalf("%s reads as %s (%v)", kept, twice, err)
		}
		r, err := d.Read(t.Context(), values, false, week{})
		if err != nil {
			t.Fatal(err)
		}
		d.Lines(r.Values, nil, nil)
		if r.Err() == nil {
			again(t, d, r)
		}
	})
}
