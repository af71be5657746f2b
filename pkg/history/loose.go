package history

import (
	"cmp"
	"slices"
	"time"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

// byTime finds what the ends without a connect are about, the earliest first.
func (p *pairing) byTime() {
	slices.SortStableFunc(p.links, compareLinks)
	slices.SortStableFunc(p.loose, func(a, b *link) int { return a.End.Compare(b.End.Time) })
	paired, begun := p.links, 0
	p.refusedAt = endingRefusals(p.refusals)
	for i := range len(paired) - 1 {
		paired[i].next = paired[i+1].Start.Time
	}
	for _, l := range p.loose {
		for begun < len(paired) && paired[begun].Start.Before(l.End.Time) {
			begun++
		}
		p.place(l, candidates(paired, begun, l.End.Time))
	}
}

// endingRefusals are when NanoMQ refused CONNECTs, in order: it tells their end like that of
// any connection, just before or after.
func endingRefusals(refusals []Refusal) (times []time.Time) {
	for _, d := range refusals {
		if broker.TraitsOf(d.Source).RefusalsEnd {
			times = append(times, d.Time.Time)
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	return times
}

// isOfRefusal reports whether an end is that of a refused CONNECT, each of which ends once.
// Ends must be asked about in order of time.
func (p *pairing) isOfRefusal(end *event.Event) bool {
	for len(p.refusedAt) > 0 && end.Time.Sub(p.refusedAt[0]) > SameMoment {
		p.refusedAt = p.refusedAt[1:]
	}
	if !broker.TraitsOf(end.Source).RefusalsEnd || len(p.refusedAt) == 0 || p.refusedAt[0].Sub(end.Time) > SameMoment {
		return false
	}
	p.refusedAt = p.refusedAt[1:]
	return true
}

// nearby is how many connections an end can be of at most, so that the cost stays
// linear when thousands of them begin in one moment.
const nearby = 16

// candidates are the connections that an end at t can be of, the likeliest first: the
// newest that began before t, then older ones that were followed just before t, for
// the end of a connection that is taken over may come after the new one began. At last
// those that began at t itself: they ended at once, if nothing else did.
func candidates(links []*link, begun int, t time.Time) []*link {
	var found []*link
	for i := begun - 1; i >= 0 && len(found) < nearby; i-- {
		if i+1 < begun && t.Sub(links[i+1].Start.Time) > SameMoment {
			break
		}
		found = append(found, links[i])
	}
	for _, l := range links[begun:min(begun+nearby, len(links))] {
		if l.Start.Equal(t) {
			found = append(found, l)
		}
	}
	return found
}

// place gives a loose end to one of the candidates, or finds what else it is.
func (p *pairing) place(l *link, candidates []*link) {
	end := l.best
	owner, earlier := owners(end, candidates)
	switch {
	case owner != nil:
		owner.doubtful = owner.Start.Equal(l.End.Time)
		owner.endWithAll(l.ends)
	case mayBeRefusal(end, len(candidates) > 0):
		p.refusals = append(p.refusals, refusal(end))
	case isSessionTaken(end, candidates): // of no connection
	case earlier != nil:
		earlier.endWithAll(l.ends)
	case p.isOfRefusal(end): // of no connection
	default:
		p.links = append(p.links, l)
	}
}

// isSessionTaken reports whether an end tells that the session was taken over which a
// connection left behind that had ended: EMQX 5.0.10 to 5.6 send another client.disconnected
// then, with the address and port of that connection.
func isSessionTaken(end *event.Event, candidates []*link) bool {
	return broker.TraitsOf(end.Source).SessionTakeovers && end.ActionInfo == event.ClientIDConflict &&
		slices.ContainsFunc(candidates, func(l *link) bool { return l.hasEnded() && l.matches(end) })
}

// owners are the open connection that an end is of, and one that has ended just before,
// of which the end may be told once more. What began just now is the last choice for an
// end that may be of a takeover.
func owners(end *event.Event, candidates []*link) (open, ended *link) {
	if isNamed(end) {
		return nil, nil
	}
	lost := takenOver(end, candidates)
	var begun *link // just now, and open
	for _, l := range candidates {
		switch {
		case !l.compatible(end):
		case l.hasEnded():
			if ended == nil && end.Time.Sub(l.End.Time).Abs() <= SameMoment {
				ended = l
			}
		case end.Time.Sub(l.Start.Time) > SameMoment, l == lost, l.matches(end):
			return l, ended
		case broker.HidesTakeover(end):
			begun = cmp.Or(begun, l)
		case end.ActionInfo != event.ClientIDConflict:
			return l, ended
		}
	}
	return begun, ended
}

// takenOver is the connection whose client identifier the next one took when the end was
// told: what just began was not taken over, unless yet another one began.
func takenOver(end *event.Event, candidates []*link) (lost *link) {
	nearest := SameMoment
	for _, l := range candidates {
		if apart := end.Time.Sub(l.next).Abs(); apart <= nearest && l.compatible(end) {
			lost, nearest = l, apart
		}
	}
	return lost
}
