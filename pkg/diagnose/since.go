package diagnose

import (
	"maps"
	"time"

	"devicetrace/pkg/history"
)

// Since contains the time since which a verdict has applied.
type Since struct {
	// At is when the verdict began to apply: the first end or refusal that it is about, on the
	// first day of the run; see runs. If the verdict is not about ends or refusals, At is the start
	// of that day. If the verdict is about the client's absence, At is the time of the last end.
	At history.Instant `json:"at"`
	// AtLeast means that the verdict may have applied even earlier, because no earlier day that was
	// searched shows that it did not apply.
	AtLeast bool `json:"at_least,omitempty"`
	// Text says when the verdict began to apply, in the language of the report. It is empty in a
	// Day.
	Text string `json:"text,omitempty"`
}

// runs follows verdicts from day to day. A run is a sequence of days to which one verdict applies. A
// day interrupts the run if it is active and the verdict does not apply to it. Other days without
// the verdict do not interrupt the run: the device may have been away, or there may be too many
// events for verdicts. A day that was not read ends all runs.
type runs struct {
	since     map[Code]Since  // the beginnings of the current runs
	searched  history.Instant // the start of the earliest day after the last day that was not read
	wasActive bool            // whether any day since searched was active
}

func newRuns() *runs { return &runs{since: map[Code]Since{}} }

// runsOf returns the runs that reach the last of the given days. The days must be sorted.
func runsOf(days []Day) *runs {
	r := newRuns()
	for i := range days {
		r.add(&days[i])
	}
	return r
}

// add adds the next day.
func (r *runs) add(d *Day) {
	switch {
	case d.NotRead:
		*r = *newRuns()
	case r.searched.IsZero():
		r.searched = d.start
	}
	if d.isActive() {
		maps.DeleteFunc(r.since, func(code Code, _ Since) bool { _, found := d.sightings[code]; return !found })
	}
	for code, s := range d.sightings {
		r.follow(code, s)
	}
	r.wasActive = r.wasActive || d.isActive()
}

// follow continues the run of a verdict, or begins a new one. An absence always begins anew,
// because the client may have been back since the previous absence.
func (r *runs) follow(code Code, s sighting) {
	switch _, ok := r.since[code]; {
	case s.isAbsence:
		r.since[code] = Since{At: s.first}
	case !ok:
		r.since[code] = Since{At: s.first, AtLeast: !r.wasActive && !s.isFirst}
	}
}

// of returns the beginnings of the runs of the given verdicts.
func (r *runs) of(codes []Code) map[Code]Since {
	found := make(map[Code]Since, len(codes))
	for _, code := range codes {
		found[code] = r.since[code]
	}
	return found
}

// sentence returns a sentence that says when a verdict began to apply. to is the end of the
// report's span.
func (r *runs) sentence(s Since, to history.Instant) sentence {
	switch {
	case s.AtLeast && r.isOnFirstDay(s.At):
		return sentence{atLeastSinceDay, values{"day": stamp{s.At, toDay}}}
	case s.AtLeast:
		return sentence{atLeastSince, values{"at": stamp{s.At, toMinute}}}
	default:
		return sentence{appliesSince, values{"at": stamp{s.At, toMinute}, "age": age(to.Sub(s.At))}}
	}
}

// isOnFirstDay reports whether t is on the earliest day searched.
func (r *runs) isOnFirstDay(t history.Instant) bool {
	sinceStart := t.Sub(r.searched)
	return 0 <= sinceStart && sinceStart < 24*time.Hour
}
