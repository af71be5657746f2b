package history

import (
	"cmp"
	"slices"

	"devicetrace/pkg/event"
)

// byTime handles the end events without a known connect event in chronological order. It decides to
// which connection, if any, each of them belongs.
func (p *pairing) byTime() {
	slices.SortStableFunc(p.begun, compareDrafts)
	slices.SortStableFunc(p.endOnly, func(a, b *draft) int { return cmp.Compare(a.End, b.End) })
	paired, earlier := p.begun, 0 // paired is p.begun before place appends to it
	p.refusedAt = endingRefusals(p.refusals)
	for i := range len(paired) - 1 {
		paired[i].next = paired[i+1].Start
	}
	for _, d := range p.endOnly {
		for earlier < len(paired) && paired[earlier].Start < d.End {
			earlier++
		}
		p.place(d, append(candidates(paired, earlier, d.End), begunNear(paired[:earlier], d.connectedAt)...))
	}
}

// endingRefusals returns the times, in ascending order, of all refusals whose source also sends an
// end event for a refused CONNECT.
func endingRefusals(refusals []Refusal) (times []Instant) {
	for _, r := range refusals {
		if r.traits.RefusalsEnd {
			times = append(times, r.Time)
		}
	}
	slices.Sort(times)
	return times
}

// isEndOfRefusal reports whether an end event belongs to a refused CONNECT. This is the case if
// p.refusedAt contains a refusal at most SameMoment before or after the end event. isEndOfRefusal
// removes this refusal, because a refused CONNECT has only one end event. It also removes refusals
// that are too old for the end event, so the caller must pass end events in chronological order.
func (p *pairing) isEndOfRefusal(end *row) bool {
	for len(p.refusedAt) > 0 && end.Time.Sub(p.refusedAt[0]) > SameMoment {
		p.refusedAt = p.refusedAt[1:]
	}
	if !end.traits.RefusalsEnd || len(p.refusedAt) == 0 || p.refusedAt[0].Sub(end.Time) > SameMoment {
		return false
	}
	p.refusedAt = p.refusedAt[1:]
	return true
}

// maxCandidates limits the number of connections with which an end event is compared. It keeps the
// cost linear in the number of events even if thousands of connections begin at the same moment.
const maxCandidates = 16

// candidates returns the connections to which an end event at time t may belong, most likely first.
// The drafts must be sorted by start time, and earlier is the number of drafts that began before t.
// The candidates are:
//
//   - The newest connection that began before t.
//   - Each older connection whose next connection began at most SameMoment before t. The next
//     connection may have taken over the session, and the end of the older one may have been
//     reported late.
//   - Each connection that began exactly at t. Such a connection is unlikely, because it would have
//     ended as soon as it began.
func candidates(drafts []*draft, earlier int, t Instant) []*draft {
	var found []*draft
	for i := earlier - 1; i >= 0 && len(found) < maxCandidates; i-- {
		if i+1 < earlier && t.Sub(drafts[i+1].Start) > SameMoment {
			break
		}
		found = append(found, drafts[i])
	}
	for _, d := range drafts[earlier:min(earlier+maxCandidates, len(drafts))] {
		if d.Start == t {
			found = append(found, d)
		}
	}
	return found
}

// begunNear returns the connections that began at most SameMoment before or after t, newest first.
// The drafts must be sorted by start time. An end event with the connect time t may belong to one
// of these connections, even if many newer connections began before the end event. If t is unknown,
// begunNear returns nil.
func begunNear(drafts []*draft, t Instant) (found []*draft) {
	if t.IsZero() {
		return nil
	}
	at, _ := slices.BinarySearchFunc(drafts, t, func(d *draft, t Instant) int { return cmp.Compare(d.Start, t) })
	for _, d := range slices.Backward(drafts[max(at-maxCandidates, 0):min(at+maxCandidates, len(drafts))]) {
		if d.Start.Sub(t).Abs() <= SameMoment {
			found = append(found, d)
		}
	}
	return found
}

// place handles d, a draft with an end event but no known connect event. It adds the end event to
// one of the candidates. If no candidate fits, it decides what else the end event reports, such as
// a refusal.
func (p *pairing) place(d *draft, candidates []*draft) {
	end := d.best()
	open, ended, isCertain := p.owners(end, candidates)
	if !isCertain {
		markDoubtful(end, candidates, open, ended)
	}
	switch {
	case open != nil:
		p.addEnds(open, d)
	case end.mayBeRefusal(len(candidates) > 0):
		p.refusals = append(p.refusals, Refusal{end})
	case isSessionTakeover(end, candidates): // the end event belongs to no connection
	case ended != nil:
		p.addEnds(ended, d)
	case p.isEndOfRefusal(end): // the end event belongs to no connection
	default:
		d.isDoubtful = !isCertain
		p.begun = append(p.begun, d)
	}
}

// markDoubtful sets isDoubtful on open and ended, the candidates that owners chose. If the end
// event may hide a takeover, it also sets isDoubtful on every candidate that may own the end event
// and began at most SameMoment before it.
func markDoubtful(end *row, candidates []*draft, open, ended *draft) {
	for _, d := range candidates {
		isLastResort := end.isMute && end.Time.Sub(d.Start) <= SameMoment && d.mayOwn(end)
		if d == open || d == ended || isLastResort {
			d.isDoubtful = true
		}
	}
}

// isSessionTakeover reports whether an end event only reports the takeover of a session whose last
// connection had already ended. At such a takeover, some sources send a second end event for the
// last connection, with the same address and port as the first.
func isSessionTakeover(end *row, candidates []*draft) bool {
	return end.traits.SessionTakeovers && end.ActionInfo == event.ClientIDConflict &&
		slices.ContainsFunc(candidates, func(d *draft) bool { return d.hasEnded() && d.matches(end) && d.mayOwn(end) })
}

// owners returns the two candidates to which an end event may belong. Either may be nil. Both are
// nil if the broker supplied the channel, because byChannel would have found the connection.
//
// The result open is a candidate without a recorded end, usually the most likely one. If the end
// event is due to a session takeover, open must be the old connection. The new connection began at
// about the time of the end event, so owners treats candidates that began at most SameMoment before
// the end event as follows:
//
//   - If the candidate's details match the end event, or losesTakeover returns the candidate,
//     owners may choose it like any other candidate.
//   - Otherwise, if the end event reports a takeover, owners skips the candidate.
//   - Otherwise, if the end event may hide a takeover, owners chooses the candidate only as a
//     last resort.
//
// The result ended is a candidate whose recorded end is at about the time of the end event. The end
// event may be a second report of that end.
//
// The result isCertain is true if older events could not change the other results. It is false if
// it is doubtful whether a more likely candidate had ended, or if a connection that began before
// all candidates could be more likely.
//
// If the end event has a connect time, ownersByStart chooses instead.
func (p *pairing) owners(end *row, candidates []*draft) (open, ended *draft, isCertain bool) {
	switch {
	case end.isNamed:
		return nil, nil, true
	case !end.connectedAt.IsZero():
		return p.ownersByStart(end, candidates)
	}
	loser := losesTakeover(end, candidates)
	isOlder := func(d *draft) bool { return end.Time.Sub(d.Start) > SameMoment }
	isComplete := slices.ContainsFunc(candidates, isOlder) // otherwise, older events could add candidates
	isCertain = true
	var recent *draft // an open connection that began just before the end
	for _, d := range candidates {
		if !d.mayOwn(end) {
			continue
		}
		isCertain = isCertain && !d.isDoubtful
		switch {
		case d.hasEnded():
			if ended == nil && end.Time.Sub(d.End).Abs() <= SameMoment {
				ended = d
			}
		case isOlder(d), d.matches(end):
			return d, ended, isCertain
		case d == loser:
			return d, ended, isCertain && isComplete
		case end.isMute:
			recent = cmp.Or(recent, d)
		case end.ActionInfo != event.ClientIDConflict:
			return d, ended, isCertain && (isComplete || d.Start < end.Time)
		}
	}
	return recent, ended, isCertain && isComplete
}

// ownersByStart returns the results of owners for an end event with a connect time. It chooses the
// candidate whose start fits the connect time best; see compareByStart. The candidate is the result
// open or, if it has a recorded end, the result ended. The other result is nil.
func (p *pairing) ownersByStart(end *row, candidates []*draft) (open, ended *draft, isCertain bool) {
	t := end.connectedAt
	var chosen *draft
	for _, d := range candidates {
		isPossible := !d.hasEnded() || end.Time.Sub(d.End).Abs() <= SameMoment
		if isPossible && d.mayOwn(end) && (chosen == nil || compareByStart(d, chosen, t) < 0) {
			chosen = d
		}
	}
	mayOwnInstead := func(d *draft) bool { return d.isDoubtful && couldReplace(d, chosen, t) }
	isCertain = p.knowsBetterOwners(t, chosen) && !slices.ContainsFunc(candidates, mayOwnInstead)
	if chosen != nil && chosen.hasEnded() {
		return nil, chosen, isCertain
	}
	return chosen, nil, isCertain
}

// knowsBetterOwners reports whether the known events include the starts of all connections that
// ownersByStart would prefer to the chosen one, if any. t is the connect time in the end event.
func (p *pairing) knowsBetterOwners(t Instant, chosen *draft) bool {
	within := SameMoment
	if chosen != nil && (!chosen.hasEnded() || chosen.startsFrom(t) == 0) {
		within = chosen.startsFrom(t)
	}
	return within == 0 || t.Sub(p.first) >= within
}

// couldReplace reports whether older events could show that d, a doubtful candidate, owns an end
// event with the connect time t instead of the chosen candidate, which may be nil. It compares the
// recorded starts, because d may have got its other details from an end event that is not its own.
func couldReplace(d, chosen *draft, t Instant) bool {
	if chosen == nil || d == chosen {
		return true
	}
	apart := chosen.startsFrom(t)
	return chosen.hasEnded() && apart > 0 || d.Start.Sub(t).Abs() <= apart
}

// compareByStart returns a negative number if an end event with the connect time t more likely
// belongs to a than to b. An exact start decides. Otherwise, a connection without a recorded end is
// more likely, and then the connection that began nearer to t.
func compareByStart(a, b *draft, t Instant) int {
	x, y := a.startsFrom(t), b.startsFrom(t)
	if min(x, y) > 0 && a.hasEnded() != b.hasEnded() {
		return cmp.Compare(a.End, b.End) // an unknown end comes first
	}
	return cmp.Or(cmp.Compare(x, y), cmp.Compare(a.End, b.End))
}

// losesTakeover returns the candidate whose next connection began nearest to the time of the end
// event, at most SameMoment before or after it. It returns nil if there is no such candidate. It
// never returns the newest connection of the client, which has no next connection.
func losesTakeover(end *row, candidates []*draft) (loser *draft) {
	nearest := SameMoment
	for _, d := range candidates {
		if apart := end.Time.Sub(d.next).Abs(); apart <= nearest && d.mayOwn(end) {
			loser, nearest = d, apart
		}
	}
	return loser
}
