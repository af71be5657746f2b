package diagnose

import (
	"time"

	"devicetrace/pkg/history"
)

const (
	// absenceFactor times the longest earlier absence is the limit above which an absence is
	// unusually long.
	absenceFactor = 4
	// minAbsence is the minimum of this limit, because clients back off to some minutes between
	// attempts.
	minAbsence = 15 * time.Minute
	// defaultAbsence is the limit for clients with fewer than absencesNeeded earlier absences. An
	// hour is longer than any common back-off.
	defaultAbsence = time.Hour
	// absencesNeeded is the minimum number of absences that show how long a client usually takes
	// to come back.
	absencesNeeded = 2
)

// noReturn finds that the client dropped and has been away for longer than it usually takes to
// come back. It finds nothing if the client may have sent a refused login since then, because
// such a login shows that the client does come back.
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

// patience returns how long an absence of the client may last before it is unusual.
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

// triedSince reports whether the client may have sent a refused login after the end of a
// connection.
func (in *input) triedSince(c *history.Connection) bool {
	for i := range in.Refusals {
		if r := &in.Refusals[i]; !r.Time.Before(c.End.Time) && mayHaveSent(c, r) {
			return true
		}
	}
	return false
}
