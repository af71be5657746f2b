package diagnose

import (
	"sort"

	"devicetrace/pkg/history"
)

// Usual is the usual number of drops a day: the minimum and the maximum on the active days before
// the trouble began.
type Usual struct {
	Min  int `json:"min"`
	Max  int `json:"max"`
	Days int `json:"days"` // the number of these days
}

// add adds a day.
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

// troubleSince returns when the trouble of a day began. This is the earliest time since which one of
// the day's problems or notices has applied, but at the latest the start of the day.
func (d *Day) troubleSince() history.Instant {
	since := d.start
	for code, s := range d.Since {
		if d.sightings[code].level != Info {
			since = min(since, s.At)
		}
	}
	return since
}

// indexOf returns the index of the first of the sorted days that ends after t.
func indexOf(days []Day, t history.Instant) int {
	return sort.Search(len(days), func(i int) bool { return days[i].endsAfter(t) })
}
