package history

import (
	"cmp"
	"slices"
	"time"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

// byTime finds out what the ends without a connect are about, the earliest first.
func (p *pairing) byTime() {
	slices.SortStableFunc(p.begun, compareDrafts)
	slices.SortStableFunc(p.endOnly, func(a, b *draft) int { return a.End.Compare(b.End.Time) })
	paired, earlier := p.begun, 0 // place may add to p.begun
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

// endingRefusals returns, in order, when CONNECTs were refused whose source also reports the
// end of the refused connection.
func endingRefusals(refusals []Refusal) (times []time.Time) {
	for _, r := range refusals {
		if broker.TraitsOf(r.Source).RefusalsEnd {
			times = append(times, r.Time.Time)
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	return times
}

// isEndOfRefusal reports whether an end belongs to a refused CONNECT. It uses up the refusal,
// because each refused CONNECT ends only once. It must be called in order of the ends' times.
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

// maxCandidates limits the connections that an end is compared with, so that the cost stays
// linear even if thousands of connections begin in one moment.
const maxCandidates = 16

// candidates returns the connections that an end at t may belong to, the likeliest first. That
// is the newest of the connections that began before t, which are the given number. Then come
// older ones that were followed just before t, since the end of a connection that is taken
// over may be reported after the new one began. Last come connections that began at t: they
// ended at once, if nothing else did.
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

// place gives an end without a connect to one of the candidates, or finds what else it is.
func (p *pairing) place(d *draft, candidates []*draft) {
	end := d.best
	open, ended := owners(end, candidates)
	switch {
	case open != nil:
		open.doubtful = open.Start.Equal(d.End.Time)
		open.addEnds(d.ends)
	case mayBeRefusal(end, len(candidates) > 0):
		p.refusals = append(p.refusals, newRefusal(end))
	case isSessionTakeover(end, candidates): // belongs to no connection
	case ended != nil:
		ended.addEnds(d.ends)
	case p.isEndOfRefusal(end): // belongs to no connection
	default:
		p.begun = append(p.begun, d)
	}
}

// isSessionTakeover reports whether an end is the takeover of a session whose connection had
// already ended. Some sources then report the end of that connection again, with its address
// and port.
func isSessionTakeover(end *event.Event, candidates []*draft) bool {
	return broker.TraitsOf(end.Source).SessionTakeovers && end.ActionInfo == event.ClientIDConflict &&
		slices.ContainsFunc(candidates, func(d *draft) bool { return d.hasEnded() && d.matches(end) })
}

// owners returns the open connection that an end belongs to, and a connection that has just
// ended and whose end it may report again. An end that may be a takeover belongs to a
// connection that has only just begun if there is no other choice.
func owners(end *event.Event, candidates []*draft) (open, ended *draft) {
	if hasChannelID(end) {
		return nil, nil
	}
	loser := losesTakeover(end, candidates)
	var recent *draft // an open connection that has only just begun
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

// losesTakeover returns the connection whose client identifier the next connection took at
// the time of the end. A connection that has only just begun was not taken over, unless yet
// another one began.
func losesTakeover(end *event.Event, candidates []*draft) (loser *draft) {
	nearest := SameMoment
	for _, d := range candidates {
		if apart := end.Time.Sub(d.next).Abs(); apart <= nearest && d.mayOwn(end) {
			loser, nearest = d, apart
		}
	}
	return loser
}
