package diagnose

import (
	"cmp"
	"time"

	"devicetrace/pkg/history"
)

// Day sums up a device's history during one UTC day. DayOf makes it. Its JSON form is an entry in
// the list of days in the HTTP API.
type Day struct {
	Day string `json:"day"` // such as 2026-11-24
	// Connections is the number of connections that were open or ended during the day. For the
	// other counts and times, see history.Summary.
	Connections int   `json:"connections"`
	Drops       int   `json:"drops"`
	Disconnects int   `json:"disconnects"`
	Unexplained int   `json:"unexplained"`
	Unreported  int   `json:"unreported"`
	Refusals    int   `json:"refusals"`
	OnlineMS    int64 `json:"online_ms"`
	UnknownMS   int64 `json:"unknown_ms"`
	// Level is the worst level of the day's verdicts, or empty if there are none.
	Level Level `json:"level"`
	// Verdicts lists the codes of the day's verdicts, the most useful one first. It is never nil.
	Verdicts []Code `json:"verdicts"`
	// Since contains, for each verdict, the time since which the verdict has applied. It is nil
	// until Trends sets it.
	Since map[Code]Since `json:"since,omitzero"`
	// Usual is the usual number of drops per day. It is nil until Trends sets it. Trends leaves it
	// nil if the usual number is not known, or if the day has more unexplained ends than drops.
	Usual *Usual `json:"usual,omitempty"`
	// LastDrop is the newest drop of the day, or nil.
	LastDrop *Drop `json:"last_drop,omitempty"`
	// CountsOnly means that the day has too many events, and therefore no verdicts.
	CountsOnly bool `json:"counts_only,omitempty"`
	// NotRead means that nothing is known about the day. All counts and times are 0.
	NotRead bool `json:"not_read,omitempty"`

	start     history.Instant
	isWhole   bool   // whether the verdicts cover the whole day
	troubles  []Code // the verdicts of the worst level; none if that is Info
	sightings map[Code]sighting
}

// sighting is the part of a verdict that is needed to follow it from day to day.
type sighting struct {
	first     history.Instant // see finding.first; in a Day, the start of the span replaces an unknown time
	isAbsence bool            // see finding.absence
	isFirst   bool            // see finding.isFirst
}

// DayOf sums up a day. Trends sets the fields Since and Usual.
func DayOf(h history.DayHistory) Day {
	s := h.Summary
	d := Day{
		Day: h.Day.UTC().Format(time.DateOnly), Connections: h.Connections,
		Drops: s.Drops, Disconnects: s.Disconnects, Unexplained: s.Unexplained, Unreported: s.Unreported, Refusals: s.Refusals,
		OnlineMS: s.OnlineMS, UnknownMS: s.UnknownMS,
		Verdicts: []Code{}, LastDrop: dropOf(h.LastDrop), CountsOnly: h.CountsOnly, NotRead: h.NotRead,
		start: history.At(h.Day), sightings: map[Code]sighting{},
	}
	if h.History != nil {
		d.isWhole = !h.History.Span.From.After(h.Day)
		d.setVerdicts(newInput(*h.History))
	}
	return d
}

func (d *Day) setVerdicts(in *input) {
	for _, v := range in.verdicts(in.bare) {
		d.Level = cmp.Or(d.Level, v.Level) // the verdicts are sorted by level
		d.Verdicts = append(d.Verdicts, v.Code)
		if v.Level == d.Level && v.Level != Info {
			d.troubles = append(d.troubles, v.Code)
		}
		v.seen.first = cmp.Or(v.seen.first, in.from)
		d.sightings[v.Code] = v.seen
	}
}

// isActive reports whether the device had connections or refusals on the day, and the verdicts
// cover the whole day.
func (d *Day) isActive() bool { return d.isWhole && (d.Connections > 0 || d.Refusals > 0) }

// endsAfter reports whether the day ends after t.
func (d *Day) endsAfter(t history.Instant) bool { return t.Sub(d.start) < 24*time.Hour }
