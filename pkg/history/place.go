package history

import (
	"cmp"
	"slices"
	"time"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

// byTime decides where each end event without a known connect event belongs. It handles these end
// events in order of time.
func (p *pairing) byTime() {
	slices.SortStableFunc(p.begun, compareDrafts)
	slices.SortStableFunc(p.endOnly, func(a, b *draft) int { return a.End.Compare(b.End.Time) })
	paired, earlier := p.begun, 0 // p.begun as it is before the place method appends to it
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

// isEndOfRefusal reports whether an end event belongs to a refused CONNECT in refusedAt. If so, it
// removes this CONNECT from refusedAt, because a refused CONNECT has only one end event. It also
// removes times that are too old for the end event. The caller must therefore pass end events in
// order of time.
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

// maxCandidates limits the number of connections that an end event is compared with. It keeps the
// cost linear in the number of events even if thousands of connections begin at the same moment.
const maxCandidates = 16

// candidates returns the connections to which an end event at time t may belong. The drafts must be
// sorted by start time, and earlier is the number of drafts that began before t. The likeliest
// connections come first in the result:
//
//   - First comes the newest connection that began before t.
//   - Next come older connections, but only if the connection after them began at most SameMoment
//     before t. That connection may have taken over the session, and the end of the older
//     connection may have been reported late.
//   - Last come connections that began exactly at t. They are unlikely, because they would have
//     ended as soon as they began.
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

// isSessionTakeover reports whether an end event reports the takeover of a session without a
// connection. The last connection of this session had already ended. But some sources report the
// end of this connection again at the takeover, with the same address and port.
func isSessionTakeover(end *event.Event, candidates []*draft) bool {
	return broker.TraitsOf(end.Source).SessionTakeovers && end.ActionInfo == event.ClientIDConflict &&
		slices.ContainsFunc(candidates, func(d *draft) bool { return d.hasEnded() && d.matches(end) })
}

// owners returns the two candidates to which an end event may belong. Either may be nil. Both are
// nil if the broker supplied the channel, because byChannel would have found the connection.
//
// The result open is a candidate without a recorded end, usually the likeliest one. After a session
// takeover, open must be the old connection. It must not be the new connection, which began at
// about the time of the end event:
//
//   - If the end event reports a takeover, owners skips a candidate that began at most SameMoment
//     before.
//   - If the end event may hide a takeover, such a candidate is the last choice.
//   - An exception: owners chooses such a candidate if its details match the end event, or if
//     losesTakeover returns it.
//
// The result ended is a candidate whose recorded end is at about the time of the end event. The end
// event may report this end a second time.
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

// losesTakeover returns the candidate that a newer connection replaced at about the time of the end
// event. If there are several, it returns the one that was replaced nearest to that time. If there
// is none, it returns nil. It never returns the client's newest connection, because no connection
// has replaced it.
func losesTakeover(end *event.Event, candidates []*draft) (loser *draft) {
	nearest := SameMoment
	for _, d := range candidates {
		if apart := end.Time.Sub(d.next).Abs(); apart <= nearest && d.mayOwn(end) {
			loser, nearest = d, apart
		}
	}
	return loser
}
