package diagnose

import (
	"sort"

	"devicetrace/pkg/history"
)

// Usual is the usual number of drops per day: the minimum and the maximum on the active days before
// the trouble began.
type Usual struct {
	Min  int `json:"min"`
	Max  int `json:"max"`
	Days int `json:"days"` // the number of these days
}

// add adds a day with the given number of drops.
func (u *Usual) add(drops int) {
	if u.Days == 0 {
		u.Min = drops
	}
	u.Min, u.Max = min(u.Min, drops), max(u.Max, drops)
	u.Days++
}

// known returns a copy of u, or nil if u covers no day.
func (u Usual) known() *Usual {
	if u.Days == 0 {
		return nil
	}
	return &u
}

// troubleSince returns when the trouble of a day began: the earliest time since which any of the
// day's troubles has applied, or the start of the day if that is earlier.
func (d *Day) troubleSince() history.Instant {
	since := d.start
	for _, code := range d.troubles {
		since = min(since, d.Since[code].At)
	}
	return since
}

// indexOf returns the index of the first of the sorted days that ends after t.
func indexOf(days []Day, t history.Instant) int {
	return sort.Search(len(days), func(i int) bool { return days[i].endsAfter(t) })
}

// Comparison compares the number of drops on a day with the usual number.
type Comparison struct {
	Drops int `json:"drops"`
	Usual
	Text string `json:"text"` // in the language of the report
}

// minUsual is the minimum number of earlier days for which the text uses the word "usually".
const minUsual = 3

// comparison compares the drops of a day with the usual number. It returns nil if that number is not
// known.
func (d *Day) comparison(lang Lang) *Comparison {
	if d.NotRead || d.Usual == nil {
		return nil
	}
	u := *d.Usual
	wording := onEarlierDays
	switch {
	case u.Days >= minUsual:
		wording = usuallyADay
	case u.Days == 1:
		wording = onEarlierDay
	}
	text := sentence{wording, values{
		"drops": drops(d.Drops), "day": stamp{d.start, toDay}, "usual": between{u.Min, u.Max}, "days": number(u.Days),
	}}.in(lang)
	return &Comparison{Drops: d.Drops, Usual: u, Text: text}
}
