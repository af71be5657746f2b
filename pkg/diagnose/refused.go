package diagnose

import (
	"slices"
	"time"

	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
)

const (
	// neverCount refusals without a success are more than a slip of the hand.
	neverCount = 3
	// lockedCount refusals since the last success are more than one lost packet or one
	// busy login service.
	lockedCount = 2
	// strangerCount refusals during a connection, or of another user, are more than a late
	// event or a slip of the hand.
	strangerCount = 2
)

// denied are the logins that were refused for what they gave as proof, from an
// instant on.
func (r *record) denied(since time.Time) []*history.Refusal {
	var found []*history.Refusal
	for i := range r.Refusals {
		if d := &r.Refusals[i]; d.ActionInfo == event.NotAuthorized && !d.Time.Before(since) {
			found = append(found, d)
		}
	}
	return found
}

// neverAccepted finds refused logins of a client that had no connection in what was looked at.
func (r *record) neverAccepted() *finding {
	denied := r.denied(r.Span.From)
	if r.last() != nil || len(denied) < neverCount {
		return nil
	}
	return ofRefusals(denied)
}

// refusedAfterSuccess finds refused logins since the last connection ended.
func (r *record) refusedAfterSuccess() *finding {
	denied, _ := r.deniedSinceEnd()
	if len(denied) < lockedCount {
		return nil
	}
	f := ofRefusals(denied)
	if last := r.last(); !last.Start.IsZero() { // the success goes in place of an older refusal
		f.evidence = append(f.evidence[max(0, len(f.evidence)+1-maxEvidence):], beginOf(last))
	}
	return f
}

// refusedWhileOnline finds logins that were refused from elsewhere while a connection was open.
func (r *record) refusedWhileOnline() *finding {
	found := r.strangers()
	if len(found) < strangerCount {
		return nil
	}
	return ofRefusals(found).with(values{"address": verbatim(found[len(found)-1].PeerAddress)})
}

// strangers are the denied logins from another address than that of the connection
// that was open at the time.
func (r *record) strangers() []*history.Refusal {
	var found []*history.Refusal
	at := 0
	for _, d := range r.denied(r.Span.From) {
		for at < len(r.Connections) && endedBy(&r.Connections[at], d.Time.Time) {
			at++
		}
		if at == len(r.Connections) {
			break
		}
		if c := &r.Connections[at]; openAt(c, d.Time.Time) && history.Differ(c.PeerAddress, d.PeerAddress) {
			found = append(found, d)
		}
	}
	return found
}

func endedBy(c *history.Connection, t time.Time) bool {
	return c.EndIs != history.Open && !c.End.After(t)
}

// openAt reports whether it was open, as far as is known: nobody knows how long one
// was whose end is inferred.
func openAt(c *history.Connection, t time.Time) bool {
	return c.EndIs != history.Inferred && !c.Start.IsZero() && !c.Start.After(t) && !endedBy(c, t)
}

// otherDenied are the denied logins that no pattern explains.
func (r *record) otherDenied() *finding {
	if r.neverAccepted() != nil {
		return nil
	}
	denied := r.denied(r.Span.From)
	own, others := r.deniedSinceEnd()
	if r.refusedAfterSuccess() != nil {
		denied = without(denied, own)
	}
	if r.refusedOtherUser() != nil {
		denied = without(denied, others)
	}
	if r.refusedWhileOnline() != nil {
		denied = without(denied, r.strangers())
	}
	return r.anyRefusals(denied)
}

// anyRefusals is what is found of refusals in order of time. The odd one or two are
// nothing to mend where a later login was accepted.
func (r *record) anyRefusals(refusals []*history.Refusal) *finding {
	if len(refusals) == 0 {
		return nil
	}
	f := ofRefusals(refusals)
	if len(refusals) < often && r.beganSince(refusals[len(refusals)-1].Time.Time) {
		f.level = Notice
	}
	return f
}

// beganSince reports whether a login was accepted since an instant.
func (r *record) beganSince(t time.Time) bool {
	return slices.ContainsFunc(r.Connections, func(c history.Connection) bool { return !c.Start.IsZero() && !c.Start.Before(t) })
}

// without is what is left of refusals when some of them, in the same order, are gone.
func without(refusals, gone []*history.Refusal) []*history.Refusal {
	return slices.DeleteFunc(refusals, func(d *history.Refusal) bool {
		if len(gone) == 0 || gone[0] != d {
			return false
		}
		gone = gone[1:]
		return true
	})
}

// refusedInvalid finds refusals for what CONNECT contains.
func (r *record) refusedInvalid() *finding { return r.refusedAs(isInvalid) }

func isInvalid(info event.ActionInfo) bool {
	return info == event.InvalidParam || info == event.TopicAuthFailed // the topic of the will message
}

// refusedByBroker finds the other refusals.
func (r *record) refusedByBroker() *finding {
	return r.refusedAs(func(info event.ActionInfo) bool { return info != event.NotAuthorized && !isInvalid(info) })
}

func (r *record) refusedAs(wanted func(event.ActionInfo) bool) *finding {
	var found []*history.Refusal
	for i := range r.Refusals {
		if wanted(r.Refusals[i].ActionInfo) {
			found = append(found, &r.Refusals[i])
		}
	}
	return r.anyRefusals(found)
}
