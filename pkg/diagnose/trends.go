package diagnose

import (
	"cmp"
	"maps"
	"slices"

	"devicetrace/pkg/history"
)

// Trends sets the fields Since and Usual of all days. The days must be consecutive and sorted, the
// oldest first. A day of which nothing is known must be marked as NotRead.
func Trends(days []Day) {
	r := newRuns()
	var usual Usual
	before := make([]Usual, len(days)) // before[i] covers the active days before days[i]
	for i := range days {
		d := &days[i]
		before[i] = usual
		r.add(d)
		d.Since = r.of(d.Verdicts)
		d.Usual = nil
		if !d.NotRead {
			d.Usual = before[indexOf(days, d.troubleSince())].known()
		}
		if d.isActive() {
			usual.add(d.Drops)
		}
	}
}

// SetSince adds to the report since when each verdict has applied, how the number of drops compares
// with the usual number, and the last drop. The days must be as Trends needs them. The last of them
// must be the day on which the report's span ends, up to that instant.
func (r *Report) SetSince(days []Day, lang Lang) {
	r.setSince(runsOf(r.withVerdicts(days)), lang)
	r.LastDrop = r.lastDrop(days, lang)
	if len(days) > 0 {
		days = slices.Clone(days)
		Trends(days)
		r.Usual = days[len(days)-1].comparison(lang)
	}
}

// setSince sets the field Since of all verdicts.
func (r *Report) setSince(all *runs, lang Lang) {
	from, to := history.At(r.Span.From), history.At(r.Span.To)
	for i := range r.Verdicts {
		v := &r.Verdicts[i]
		s, ok := all.since[v.Code]
		if !ok {
			s = Since{At: cmp.Or(v.seen.first, from), AtLeast: true}
		}
		s.Text = all.sentence(s, to).in(lang)
		v.Since = &s
	}
}

// withVerdicts returns a copy of the days to which the report's verdicts also apply. The report's
// span can be a part of a day, and the verdicts about the whole day can be other verdicts about the
// same ends and refusals. A verdict applies to all days from its first end or refusal on. A verdict
// that is not about ends or refusals, such as "no-drops", says nothing about the rest of the day.
func (r *Report) withVerdicts(days []Day) []Day {
	days = slices.Clone(days)
	for i := range days {
		days[i].sightings = r.sightingsOn(&days[i])
	}
	return days
}

func (r *Report) sightingsOn(d *Day) map[Code]sighting {
	sightings := maps.Clone(d.sightings)
	for _, v := range r.Verdicts {
		s := v.seen
		if s.first.IsZero() || !d.endsAfter(s.first) {
			continue
		}
		if own, ok := sightings[v.Code]; !ok || s.first < own.first {
			sightings[v.Code] = s
		}
	}
	return sightings
}
