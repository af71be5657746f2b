package history

import (
	"cmp"
	"slices"
	"time"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

// byTime decides what each end without a known connect belongs to. It handles these ends in order
// of time.
func (p *pairing) byTime() {
	slices.SortStableFunc(p.begun, compareDrafts)
	slices.SortStableFunc(p.endOnly, func(a, b *draft) int { return a.End.Compare(b.End.Time) })
	paired, earlier := p.begun, 0 // p.begun before the place method appends to it
	p.refusedAt = endingRefusals(p.refusals)
	for i := range len(paired) - 1 {
		paired[i].next = paired[i+1].Start.Time
	}
	for _, d := range p.endOnly {
		for earlier < len(paired) && paired[earlier].Start.Before(d.End.Time) {
			earlier++
		}
		p.place(d, candidates(paired, earlier, d.End.Time))
	}
}

// endingRefusals returns the times, in ascending order, of all refusals whose source also reports
// the end of the refused connection.
func endingRefusals(refusals []Refusal) (times []time.Time) {
	for _, r := range refusals {
		if broker.TraitsOf(r.Source).RefusalsEnd {
			times = append(times, r.Time.Time)
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	return times
}

// isEndOfRefusal reports whether an end event belongs to a refused CONNECT. If so, it removes the
// time of that CONNECT from refusedAt, because each refused CONNECT has only one end event. The
// caller must pass end events in order of time.
func (p *pairing) isEndOfRefusal(end *event.Event) bool {
	for len(p.refusedAt) > 0 && end.Time.Sub(p.refusedAt[0]) > SameMoment {
		p.refusedAt = p.refusedAt[1:]
	}
	if !broker.TraitsOf(end.Source).RefusalsEnd || len(p.refusedAt) == 0 || p.refusedAt[0].Sub(end.Time) > SameMoment {
		return false
	}
	p.refusedAt = p.refusedAt[1:]
	return true
}

// maxCandidates limits the number of connections that an end is compared with, so that the
// cost stays linear even if thousands of connections begin at the same moment.
const maxCandidates = 16

// candidates returns the connections to which an end at time t may belong, the likeliest first. The
// parameter earlier is the number of drafts that began before t. The newest of these drafts comes
// first. An older draft follows if its next connection began just before t: the older connection
// may have been taken over, and then its end may be reported after the next connection began.
// Connections that began exactly at t come last. One of them is chosen only if no other connection
// fits. It then ended as soon as it began.
func candidates(drafts []*draft, earlier int, t time.Time) []*draft {
	var found []*draft
	for i := earlier - 1; i >= 0 && len(found) < maxCandidates; i-- {
		if i+1 < earlier && t.Sub(drafts[i+1].Start.Time) > SameMoment {
			break
		}
		found = append(found, drafts[i])
	}
	for _, d := range drafts[earlier:min(earlier+maxCandidates, len(drafts))] {
		if d.Start.Equal(t) {
			found = append(found, d)
		}
	}
	return found
}

// place handles d, an end event without a known connect event. It assigns d to one of the
// candidates or, failing that, decides what else d reports, such as a refusal.
func (p *pairing) place(d *draft, candidates []*draft) {
	end := d.best
	open, ended := owners(end, candidates)
	switch {
	case open != nil:
		open.doubtful = open.Start.Equal(d.End.Time)
		open.addEnds(d.ends)
	case mayBeRefusal(end, len(candidates) > 0):
		p.refusals = append(p.refusals, newRefusal(end))
	case isSessionTakeover(end, candidates): // the end belongs to no connection
	case ended != nil:
		ended.addEnds(d.ends)
	case p.isEndOfRefusal(end): // the end belongs to no connection
	default:
		p.begun = append(p.begun, d)
	}
}

// isSessionTakeover reports whether an end means that a session was taken over after its
// connection had already ended. When this happens, some sources report the end of that
// connection again, with the same address and port.
func isSessionTakeover(end *event.Event, candidates []*draft) bool {
	return broker.TraitsOf(end.Source).SessionTakeovers && end.ActionInfo == event.ClientIDConflict &&
		slices.ContainsFunc(candidates, func(d *draft) bool { return d.hasEnded() && d.matches(end) })
}

// owners returns two connections that an end event may be about. Either of them may be nil. The
// result open is the open connection to which the end belongs. The result ended is a connection
// that has already ended, at about the time of the event. The event may report that same end again.
// If a takeover may have caused the end, an open connection that began just before the end is the
// last choice for the result open.
func owners(end *event.Event, candidates []*draft) (open, ended *draft) {
	if hasChannelID(end) {
		return nil, nil
	}
	loser := losesTakeover(end, candidates)
	var recent *draft // an open connection that began just before the end
	for _, d := range candidates {
		switch {
		case !d.mayOwn(end):
		case d.hasEnded():
			if ended == nil && end.Time.Sub(d.End.Time).Abs() <= SameMoment {
				ended = d
			}
		case end.Time.Sub(d.Start.Time) > SameMoment, d == loser, d.matches(end):
			return d, ended
		case broker.HidesTakeover(end):
			recent = cmp.Or(recent, d)
		case end.ActionInfo != event.ClientIDConflict:
			return d, ended
		}
	}
	return recent, ended
}

// losesTakeover returns the connection that the next one replaced at about the time of the end
// event. It returns nil if there is no such connection. It never returns the newest connection,
// because nothing has replaced that one.
func losesTakeover(end *event.Event, candidates []*draft) (loser *draft) {
	nearest := SameMoment
	for _, d := range candidates {
		if apart := end.Time.Sub(d.next).Abs(); apart <= nearest && d.mayOwn(end) {
			loser, nearest = d, apart
		}
	}
	return loser
}
