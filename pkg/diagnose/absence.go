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

// longAbsence is the length from which an absence is longer than any common back-off. A client whose
// program still runs comes back sooner if it can.
const longAbsence = 10 * time.Minute

// absences returns how long the client was offline after each connection whose end was reported,
// until it connected again or a login was refused that it may have sent. It leaves out connections
// that another connection replaced. After the last connection, an absence can last until the end of
// the span.
func (in *input) absences() map[*history.Connection]time.Duration {
	away := map[*history.Connection]time.Duration{}
	refusals := in.Refusals
	for i := range in.Connections {
		s := in.succession(i)
		until := in.to
		if s.next != nil {
			until = s.next.Start
		}
		if s.ended.EndIs != history.Reported || until <= s.ended.End || s.next == nil && in.Status.State != history.Offline {
			continue
		}
		for len(refusals) > 0 && refusals[0].Time < s.ended.End {
			refusals = refusals[1:]
		}
		if len(refusals) > 0 && mayHaveSent(s.ended, &refusals[0]) {
			until = min(until, refusals[0].Time)
		}
		away[s.ended] = until.Sub(s.ended.End)
	}
	return away
}

// mostlyAway reports whether the client stayed away for at least longAbsence after most of the given
// connections. It was then probably asleep, switched off or unplugged.
func (in *input) mostlyAway(ended []*history.Connection) bool {
	return mostly(ended, func(c *history.Connection) bool { return in.away[c] >= longAbsence })
}

// cameBack reports whether the absence after a connection ended before the end of the span.
func (in *input) cameBack(c *history.Connection) bool { return in.to.Sub(c.End) > in.away[c] }

// patience returns how long an absence of the client can last before it counts as unusual.
func (in *input) patience() time.Duration {
	var longest time.Duration
	absences := 0
	for c, away := range in.away {
		if in.cameBack(c) {
			longest = max(longest, away)
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
