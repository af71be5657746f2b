package diagnose

import (
	"cmp"
	"slices"
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

// noReturnEnded selects the text to use if the broker ended the last connection for a reason of its
// own. The device may still be well, but be kept out.
const noReturnEnded Code = "no-return-ended"

// madeByBroker lists the kinds of ends that the broker made for a reason of its own or because of
// what the client sent.
var madeByBroker = []history.Kind{history.Server, history.NotAuthorized, history.TopicDenied, history.Invalid}

// noReturn checks whether the client dropped and has been offline for unusually long since then. It
// returns nil if a conflict ended the connection, which proves a newer connection (see conflicts),
// and if the broker stopped and reported nothing since (see brokerStop).
func (in *input) noReturn() *finding {
	last := in.last()
	if !in.isLongGone() || !last.Dropped() || last.Kind == history.Conflict || in.isBrokerGone() {
		return nil
	}
	f := in.absence()
	if slices.Contains(madeByBroker, last.Kind) {
		f.text = noReturnEnded
		f.values = f.values.with("reason", quoted(cmp.Or(last.NativeReason, string(last.ActionInfo))))
	}
	return f
}

// stillOffline states that the client has been offline for unusually long, if the source did not
// report why the last connection ended. The client may have sent a DISCONNECT.
func (in *input) stillOffline() *finding {
	if !in.isLongGone() || in.last().Kind != history.Unexplained || in.last().Dropped() {
		return nil
	}
	return in.absence()
}

// isLongGone reports whether the client has been offline for unusually long. It returns false if a
// login that was refused since then may have come from the client, because the client may then have
// tried to come back. It also returns false if the span was cut since then, because the cut may hide
// such logins.
func (in *input) isLongGone() bool {
	last := in.last()
	return in.offlineFor() > in.patience() && !in.triedSince(last) && !in.hides(last.End)
}

// absence returns a finding about the time since the last connection.
func (in *input) absence() *finding {
	last := in.last()
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
