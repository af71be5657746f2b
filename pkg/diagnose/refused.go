package diagnose

import (
	"slices"

	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
)

const (
	// minNeverAccepted is the minimum number of refusals that counts as a pattern if no accepted
	// login is known. Fewer refusals may be due to a mistyped password.
	minNeverAccepted = 3
	// minSinceSuccess is the minimum number of refusals since the last accepted login that counts as
	// a pattern. A single refusal may be due to a lost packet or a busy login service.
	minSinceSuccess = 2
	// minStrangers is the minimum number of refused logins from a possible stranger that counts as a
	// pattern. A stranger's user name differs from the last connection's, or its address differs
	// from the open connection's. A single such login may be due to a mistyped name or to an
	// event that arrived late.
	minStrangers = 2
)

// denied returns the logins that were refused as not authorized at or after the given instant.
func (in *input) denied(since history.Instant) []*history.Refusal {
	var found []*history.Refusal
	for i := range in.Refusals {
		if r := &in.Refusals[i]; r.ActionInfo == event.NotAuthorized && r.Time >= since {
			found = append(found, r)
		}
	}
	return found
}

// neverAccepted finds denied logins of a client that has no known connection. After a cut, the newest
// connection can be unknown although others are known, so neverAccepted checks for both.
func (in *input) neverAccepted() *finding {
	denied := in.denied(in.from)
	if in.last() != nil || len(in.Connections) > 0 || len(denied) < minNeverAccepted {
		return nil
	}
	return ofRefusals(denied)
}

// refusedAfterSuccess finds logins that were denied after the last connection ended. It ignores
// logins with a different user name, which refusedOtherUser finds.
func (in *input) refusedAfterSuccess() *finding {
	denied, _ := in.deniedSinceEnd()
	if len(denied) < minSinceSuccess {
		return nil
	}
	f := ofRefusals(denied).with(values{"since": in.refusedSince(denied[0])})
	f.isFirst = in.last().End >= in.from
	if last := in.last(); !last.Start.IsZero() { // cite the last accepted login, if necessary instead of the oldest refusal
		f.evidence = append(f.evidence[max(0, len(f.evidence)+1-maxEvidence):], citeStart(last))
	}
	return f
}

// refusedSince returns a phrase that says since when logins have been refused. r is the first
// refusal in the span. If the last connection ended before the span, logins may have been refused
// before r, so the phrase does not name r's time as the first.
func (in *input) refusedSince(r *history.Refusal) sentence {
	end := in.last().End
	if end < in.from && !in.isCut() {
		return sentence{phrase: inThisSpan}
	}
	return sentence{sinceThen, values{"at": clock{at: r.Time, day: in.to, orEarlier: in.hides(end)}}}
}

// refusedWhileOnline finds logins from a different address that were denied while a connection
// was open.
func (in *input) refusedWhileOnline() *finding {
	found := in.strangers()
	if len(found) < minStrangers {
		return nil
	}
	return ofRefusals(found).with(values{"address": quoted(found[len(found)-1].PeerAddress)})
}

// strangers returns the denied logins whose address differs from the address of the connection
// that was open at the time.
func (in *input) strangers() []*history.Refusal {
	var found []*history.Refusal
	at := 0
	for _, r := range in.denied(in.from) {
		for at < len(in.Connections) && hadEnded(in.Connections[at], r.Time) {
			at++
		}
		if at == len(in.Connections) {
			break
		}
		if c := in.Connections[at]; wasOpen(c, r.Time) && history.Differ(c.PeerAddress, r.PeerAddress) {
			found = append(found, r)
		}
	}
	return found
}

func hadEnded(c *history.Connection, t history.Instant) bool {
	return c.EndIs != history.Open && c.End <= t
}

// wasOpen reports whether a connection is known to have been open at t. The connection must not
// have ended by t; see hadEnded. If its end is inferred, wasOpen returns false, because it is not
// known how long the connection was open.
func wasOpen(c *history.Connection, t history.Instant) bool {
	return c.EndIs != history.Inferred && !c.Start.IsZero() && c.Start <= t
}

// otherDenied finds the denied logins that no pattern explains.
func (in *input) otherDenied() *finding {
	if in.neverAccepted() != nil {
		return nil
	}
	denied := in.denied(in.from)
	own, others := in.deniedSinceEnd()
	if in.refusedAfterSuccess() != nil {
		denied = removeRefusals(denied, own)
	}
	if in.refusedOtherUser() != nil {
		denied = removeRefusals(denied, others)
	}
	if in.refusedWhileOnline() != nil {
		denied = removeRefusals(denied, in.strangers())
	}
	f := in.anyRefusals(denied)
	if f != nil && in.acceptedSoon(denied) {
		f.text, f.values = loginFlaky, values{"within": length(acceptedWithin)}
	}
	return f
}

// anyRefusals returns a finding about refusals, or nil if there are none. The refusals must be
// sorted by time. The finding has the level Notice if there are only one or two refusals and a
// later login was accepted.
func (in *input) anyRefusals(refusals []*history.Refusal) *finding {
	if len(refusals) == 0 {
		return nil
	}
	f := ofRefusals(refusals)
	if in.isRare(len(refusals)) && in.connectedSince(refusals[len(refusals)-1].Time) {
		f.level = Notice
	}
	return f
}

// connectedSince reports whether a login was accepted at or after t.
func (in *input) connectedSince(t history.Instant) bool {
	return slices.ContainsFunc(in.Connections, func(c *history.Connection) bool { return !c.Start.IsZero() && c.Start >= t })
}

// removeRefusals removes the elements of gone from refusals and returns the remaining ones. It
// modifies refusals. The elements of both slices must be in the same order.
func removeRefusals(refusals, gone []*history.Refusal) []*history.Refusal {
	return slices.DeleteFunc(refusals, func(r *history.Refusal) bool {
		if len(gone) == 0 || gone[0] != r {
			return false
		}
		gone = gone[1:]
		return true
	})
}

// refusedInvalid finds CONNECTs that were refused because of their contents.
func (in *input) refusedInvalid() *finding { return in.refusedAs(isInvalid) }

func isInvalid(info event.ActionInfo) bool {
	return info == event.InvalidParam || info == event.TopicAuthFailed // TopicAuthFailed: the topic of the will message was denied
}

// refusedByBroker finds refusals that have a reason, but are due neither to a lack of authorization
// nor to the contents of CONNECT.
func (in *input) refusedByBroker() *finding {
	return in.refusedAs(func(info event.ActionInfo) bool {
		return info != event.NotAuthorized && info != event.Unexplained && !isInvalid(info)
	})
}

func (in *input) refusedAs(wanted func(event.ActionInfo) bool) *finding {
	var found []*history.Refusal
	for i := range in.Refusals {
		if wanted(in.Refusals[i].ActionInfo) {
			found = append(found, &in.Refusals[i])
		}
	}
	return in.anyRefusals(found)
}
