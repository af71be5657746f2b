package diagnose

import (
	"time"

	"devicetrace/pkg/history"
)

const (
	// An absence is unusual if it is longer than absenceFactor times the longest earlier absence,
	// and longer than minAbsence.
	absenceFactor = 4
	// minAbsence is the length up to which an absence is normal, even if all earlier absences were
	// much shorter. Clients may wait for several minutes between attempts to connect.
	minAbsence = 15 * time.Minute
	// An absence longer than defaultAbsence is unusual if the client has fewer than absencesNeeded
	// earlier absences. An hour is longer than any common back-off.
	defaultAbsence = time.Hour
	// absencesNeeded is the minimum number of earlier absences needed to judge how long a client
	// usually takes to come back.
	absencesNeeded = 2
)

// noReturn checks whether the client dropped and has been offline for unusually long since then. It
// returns nil if a login that was refused after the drop may have come from the client, because the
// client may then have tried to come back. It also returns nil if the span was cut after the drop,
// because the cut may hide such logins.
func (in *input) noReturn() *finding {
	last := in.last()
	if in.offlineFor() <= in.patience() || !last.Dropped() || in.triedSince(last) || in.hides(last.End) {
		return nil
	}
	return &finding{
		count: 1,
		values: values{
			"since":   moment(last.End),
			"until":   moment(in.to),
			"absence": length(in.offlineFor()),
		},
		evidence: []citation{citeEnd(last, sentence{phrase: noneFollowed})},
	}
}

// patience returns how long an absence of the client can last before it counts as unusual.
func (in *input) patience() time.Duration {
	var longest time.Duration
	absences := 0
	for i := range in.Connections {
		s := in.succession(i)
		if s.ended.EndIs == history.Reported && s.next != nil && s.next.Start > s.ended.End {
			longest = max(longest, s.next.Start.Sub(s.ended.End))
			absences++
		}
	}
	if absences < absencesNeeded {
		return defaultAbsence
	}
	return max(absenceFactor*longest, minAbsence)
}

// triedSince reports whether any login that was refused after the end of c may have come from
// the client.
func (in *input) triedSince(c *history.Connection) bool {
	for i := range in.Refusals {
		if r := &in.Refusals[i]; r.Time >= c.End && mayHaveSent(c, r) {
			return true
		}
	}
	return false
}
