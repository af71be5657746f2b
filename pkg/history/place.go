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

// maxCandidates limits the number of connections that an end event is compared with, so that the
// cost stays linear even if thousands of connections begin at the same moment.
const maxCandidates = 16

// candidates returns the connections to which an end event at time t may belong, the likeliest
// first. The second argument is the number of drafts that began before t:
//
//   - Of these drafts, the newest comes first.
//   - An older draft follows only if the draft after it began just before t. In this case, the
//     newer connection may have taken over the session, and the end of the older connection may be
//     reported late.
//   - Drafts that began exactly at t come last. Such a connection is chosen only if no other fits,
//     because it would have ended as soon as it began.
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

// isSessionTakeover reports whether an end event reports the takeover of a session whose connection
// had already ended. In such a case, some sources report the end of that connection again, with the
// same address and port.
func isSessionTakeover(end *event.Event, candidates []*draft) bool {
	return broker.TraitsOf(end.Source).SessionTakeovers && end.ActionInfo == event.ClientIDConflict &&
		slices.ContainsFunc(candidates, func(d *draft) bool { return d.hasEnded() && d.matches(end) })
}

// owners returns the two connections that an end event may be about. Either of them may be nil:
//
//   - The first result is the open connection to which the end event belongs. If the end event may
//     report a takeover, a connection that began just before the end event is the last choice.
//   - The second result is a connection that had already ended at about the time of the end event.
//     The event may report the same end a second time.
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

// losesTakeover returns the connection that was replaced by a newer connection at about the time of
// the end event, or nil if there is no such connection. The newest connection is never returned,
// because no connection has replaced it.
func losesTakeover(end *event.Event, candidates []*draft) (loser *draft) {
	nearest := SameMoment
	for _, d := range candidates {
		if apart := end.Time.Sub(d.next).Abs(); apart <= nearest && d.mayOwn(end) {
			loser, nearest = d, apart
		}
	}
	return loser
}
