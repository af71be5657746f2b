package diagnose

import (
	"cmp"
	"maps"
	"slices"

	"devicetrace/pkg/history"
)

// Trends sets the fields Since and Usual of all days. The days must come from DayOf, and be
// consecutive and sorted, oldest first. A day about which nothing is known must be marked as
// NotRead.
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
		if !d.NotRead && d.Unexplained <= d.Drops { // otherwise, the number of drops says little
			d.Usual = before[indexOf(days, d.troubleSince())].known()
		}
		if d.isActive() {
			usual.add(d.Drops)
		}
	}
}

// SetSince sets the report's Usual and LastDrop, and the field Since of each verdict. The days must
// meet the conditions of Trends. The last day must be the one on which the report's span ends, and
// must end at the same instant as the span. SetSince leaves the days unchanged. If there are no
// days, Usual stays nil, and AtLeast is set for every verdict.
func (r *Report) SetSince(days []Day, lang Lang) {
	r.setVerdictsSince(runsOf(r.withVerdicts(days)), lang)
	r.LastDrop = r.lastDrop(days, lang)
	if len(days) > 0 {
		days = slices.Clone(days)
		Trends(days)
		r.Usual = days[len(days)-1].comparison(lang)
	}
}

// setVerdictsSince sets the field Since of all verdicts.
func (r *Report) setVerdictsSince(all *runs, lang Lang) {
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

// withVerdicts returns a copy of the days with the report's verdicts added to their own. The
// report's span can be a part of a day, and the whole day can have different verdicts about the
// same ends and refusals. withVerdicts adds each verdict of the report to the day of its first end
// or refusal and to all later days. It does not add verdicts that are not about ends or refusals,
// such as "no-drops", because they say nothing about the rest of the day.
func (r *Report) withVerdicts(days []Day) []Day {
	days = slices.Clone(days)
	for i := range days {
		days[i].sightings = r.sightingsOn(&days[i])
	}
	return days
}

// sightingsOn returns the sightings of a day, and adds each of the report's verdicts whose first
// end or refusal is before the end of the day. If the day already has the verdict, sightingsOn
// returns the earlier of the two sightings.
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
