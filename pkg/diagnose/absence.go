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

// These codes select the text of the verdict "no-return" if the last connection ended because of the
// broker.
const (
	// noReturnEnded applies if the broker itself decided to end the connection. The device may be
	// fine, but the broker may no longer let it in.
	noReturnEnded Code = "no-return-ended"
	// noReturnStopped applies if the connection ended because the broker stopped or restarted.
	noReturnStopped Code = "no-return-stopped"
)

// madeByBroker lists the kinds of ends for which noReturnEnded applies. A missed keep alive is not
// among them, because the broker then only noticed that the client was silent.
var madeByBroker = []history.Kind{history.Server, history.NotAuthorized, history.TopicDenied, history.Invalid}

// noReturn returns a finding if the client dropped and has been offline for an unusually long time
// since then. It returns nil after a conflict, because a conflict proves that there is a newer
// connection (see conflicts), and nil if the broker stopped and has reported nothing since (see
// brokerStop).
func (in *input) noReturn() *finding {
	last := in.last()
	if !in.isLongGone() || !last.Dropped() || last.Kind == history.Conflict || in.isBrokerGone() {
		return nil
	}
	f := in.absence()
	switch {
	case endedWithBroker(last):
		f.text = noReturnStopped
	case slices.Contains(madeByBroker, last.Kind):
		f.text = noReturnEnded
		f.values = f.values.with("reason", quoted(cmp.Or(last.NativeReason, string(last.ActionInfo))))
	}
	return f
}

// stillOffline returns a finding if the client has been offline for an unusually long time, but may
// have sent a DISCONNECT, because the source did not report why the last connection ended.
func (in *input) stillOffline() *finding {
	if !in.isLongGone() || in.last().Kind != history.Unexplained || in.last().Dropped() {
		return nil
	}
	return in.absence()
}

// isLongGone reports whether the client has been offline for an unusually long time without trying
// to connect. It returns false if a login that was refused since then may have come from the client,
// or if such logins may be missing because the span was cut.
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
		absence:  true,
	}
}

// longAbsence is the minimum length of an absence after which the client was probably asleep,
// switched off or unplugged. A client whose program still runs usually comes back sooner if it can.
const longAbsence = 10 * time.Minute

// absences maps each connection whose end was reported to the length of the absence after it. An
// absence ends when the client connects again, when the broker refuses a login that the client may
// have sent, or when the span ends. The map omits connections that had not ended before the next one
// began.
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
		for len(refusals) > 0 && refusals[0].Time < until {
			if r := &refusals[0]; r.Time >= s.ended.End && mayHaveSent(s.ended, r) {
				until = r.Time
			}
			refusals = refusals[1:]
		}
		away[s.ended] = until.Sub(s.ended.End)
	}
	return away
}

// mostlyAway reports whether the client stayed away for at least longAbsence after most of the given
// connections.
func (in *input) mostlyAway(ended []*history.Connection) bool {
	return mostly(ended, func(c *history.Connection) bool { return in.away[c] >= longAbsence })
}

// cameBack reports whether the absence after a connection ended before the end of the span.
func (in *input) cameBack(c *history.Connection) bool { return in.to.Sub(c.End) > in.away[c] }

// patience returns how long the client can be absent before the absence counts as unusual.
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
