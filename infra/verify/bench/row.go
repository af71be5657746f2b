package main

import "fmt"

// row is one line of the table.
type row struct {
	Section string `json:"section"`
	What    string `json:"what"`
	// Figure is the figure to beat; empty for what is only shown.
	Figure string `json:"figure,omitempty"`
	// Value is in Unit. A row without a value says in Text what there is to say.
	Value   float64 `json:"value"`
	Unit    string  `json:"unit"`
	Text    string  `json:"text,omitempty"`
	Verdict verdict `json:"verdict,omitempty"`
	// Why is the reason that a figure does not apply.
	Why string `json:"why,omitempty"`
}

type verdict string

const (
	met           verdict = "met"
	missed        verdict = "missed"
	notApplicable verdict = "n/a"
)

// figure is one to beat. The zero value is none.
type figure struct {
	limit float64
	least bool
	some  bool
	why   string // it does not apply
}

func atMost(limit float64) figure  { return figure{limit: limit, some: true} }
func atLeast(limit float64) figure { return figure{limit: limit, some: true, least: true} }

// when keeps a figure from being applied unless a condition holds.
func (f figure) when(holds bool, why string) figure {
	if !holds {
		f.why = why
	}
	return f
}

func (f figure) String() string {
	switch {
	case !f.some:
		return ""
	case f.least:
		return "≥ " + short(f.limit)
	default:
		return "≤ " + short(f.limit)
	}
}

func (f figure) judge(value float64) verdict {
	switch {
	case !f.some:
		return ""
	case f.why != "":
		return notApplicable
	case f.least == (value >= f.limit) || value == f.limit:
		return met
	default:
		return missed
	}
}

// add puts a measured value beside its figure.
func (b *bench) add(what string, value float64, unit string, f figure) {
	r := row{Section: b.section, What: what, Value: value, Unit: unit, Verdict: f.judge(value), Why: f.why}
	if f.some {
		r.Figure = f.String() + " " + unit
	}
	b.rows = append(b.rows, r)
	b.say("%s: %s %s %s", what, short(value), unit, r.Verdict)
}

// show is add for what has no figure to beat.
func (b *bench) show(what string, value float64, unit string) { b.add(what, value, unit, figure{}) }

// detail is show without a line of progress.
func (b *bench) detail(what string, value float64, unit string) {
	b.rows = append(b.rows, row{Section: b.section, What: what, Value: value, Unit: unit})
}

// note is a line of text in the table.
func (b *bench) note(what, text string) {
	b.rows = append(b.rows, row{Section: b.section, What: what, Text: text})
	b.say("%s: %s", what, text)
}

// short is a number with three digits that count, or all of a whole part.
func short(v float64) string {
	switch a := max(v, -v); {
	case a >= 10_000:
		return thousands(fmt.Sprintf("%.0f", v))
	case a >= 100 || v == float64(int64(v)):
		return fmt.Sprintf("%.0f", v)
	case a >= 10:
		return fmt.Sprintf("%.1f", v)
	case a >= 1:
		return fmt.Sprintf("%.2f", v)
	default:
		return fmt.Sprintf("%.3g", v)
	}
}

func thousands(digits string) string {
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
