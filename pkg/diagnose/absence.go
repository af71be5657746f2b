package diagnose

import (
	"time"

	"devicetrace/pkg/history"
)

const (
	// absentFactor times the longest absence seen is longer than the client takes.
	absentFactor = 4
	// absentLeast: clients back off to some minutes between attempts.
	absentLeast = 15 * time.Minute
	// absentDefault is for clients that came back too seldom to tell; an hour is
	// longer than any usual back-off.
	absentDefault = time.Hour
	// absencesNeeded to know how long a client usually takes.
	absencesNeeded = 2
)

// noReturn finds that the client dropped and has not come back for longer than it
// usually takes. One that is refused does come back, but not by what strangers try.
func (r *record) noReturn() *finding {
	last := r.last()
	if r.offlineFor() <= r.patience() || !last.Dropped() || r.knockedSince(last) {
		return nil
	}
	return &finding{
		count: 1,
		values: values{
			"since":   moment(last.End.Time),
			"until":   moment(r.Span.To),
			"absence": length(r.offlineFor()),
		},
		evidence: []exhibit{endOf(last, saying{text: noneFollowed})},
	}
}

// patience is how long an absence is no surprise.
func (r *record) patience() time.Duration {
	var longest time.Duration
	absences := 0
	for i := range r.Connections {
		s := r.succession(i)
		if s.ended.EndIs == history.Reported && s.next != nil && s.next.Start.After(s.ended.End.Time) {
			longest = max(longest, s.next.Start.Sub(s.ended.End.Time))
			absences++
		}
	}
	if absences < absencesNeeded {
		return absentDefault
	}
	return max(absentFactor*longest, absentLeast)
}

// knockedSince reports whether the client that had a connection tried to connect since.
func (r *record) knockedSince(c *history.Connection) bool {
	for i := range r.Refusals {
		if d := &r.Refusals[i]; !d.Time.Before(c.End.Time) && mayHaveSent(c, d) {
			return true
		}
	}
	return false
}
