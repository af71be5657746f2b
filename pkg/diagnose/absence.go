package diagnose

import (
	"time"

	"devicetrace/pkg/history"
)

const (
	// A client that has been away for absenceFactor times its longest absence so far is away
	// for unusually long.
	absenceFactor = 4
	// minAbsence: clients back off to some minutes between attempts.
	minAbsence = 15 * time.Minute
	// defaultAbsence applies to clients with too few absences to compare with. An hour is
	// longer than any common back-off.
	defaultAbsence = time.Hour
	// absencesNeeded is the number of absences that show how long a client usually takes.
	absencesNeeded = 2
)

// noReturn finds that the client dropped and has been away for longer than it usually takes to
// come back. A refused login shows that the client does come back, unless a stranger sent it.
func (in *input) noReturn() *finding {
	last := in.last()
	if in.offlineFor() <= in.patience() || !last.Dropped() || in.triedSince(last) {
		return nil
	}
	return &finding{
		count: 1,
		values: values{
			"since":   moment(last.End.Time),
			"until":   moment(in.Span.To),
			"absence": length(in.offlineFor()),
		},
		evidence: []citation{citeEnd(last, sentence{phrase: noneFollowed})},
	}
}

// patience returns how long an absence may last without being unusual.
func (in *input) patience() time.Duration {
	var longest time.Duration
	absences := 0
	for i := range in.Connections {
		s := in.succession(i)
		if s.ended.EndIs == history.Reported && s.next != nil && s.next.Start.After(s.ended.End.Time) {
			longest = max(longest, s.next.Start.Sub(s.ended.End.Time))
			absences++
		}
	}
	if absences < absencesNeeded {
		return defaultAbsence
	}
	return max(absenceFactor*longest, minAbsence)
}

// triedSince reports whether the client of a connection tried to log in after its end.
func (in *input) triedSince(c *history.Connection) bool {
	for i := range in.Refusals {
		if r := &in.Refusals[i]; !r.Time.Before(c.End.Time) && mayHaveSent(c, r) {
			return true
		}
	}
	return false
}
