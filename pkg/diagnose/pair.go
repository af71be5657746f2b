package diagnose

import (
	"cmp"
	"slices"
	"time"

	"devicetrace/pkg/event"
)

// history is what the events of a client tell when put together.
type history struct {
	links    []*link // ordered by beforeLink, with inferred ends
	refusals []Refusal
}

// pair puts events together:
//
//   - Events of one channel are of one connection, in whatever order they came. A
//     channel that is derived from address and port alone may come again later.
//   - An end without a connect of its channel, whose channel is none or was derived,
//     is that of the newest connection open at its time that it does not contradict:
//     some sources tell other things of a connection's end than of its beginning.
//   - An end that finds none is a refusal, or another row about the end just before,
//     or of a connection whose connect is not on record.
//
// known is a connection from before the events that may still be open, or nil.
func pair(rows []*event.Event, known *Connection) history {
	p := pairing{refusals: []Refusal{}}
	p.byChannel(rows, known)
	p.byTime()
	for _, l := range p.links {
		l.settle()
	}
	slices.SortStableFunc(p.links, compareLinks)
	inferEnds(p.links)
	slices.SortStableFunc(p.refusals, func(a, b Refusal) int { return a.Time.Compare(b.Time.Time) })
	return history{p.links, p.refusals}
}

type pairing struct {
	links    []*link // whose beginning is known
	loose    []*link // that have ends only
	refusals []Refusal
}

// byChannel makes a link of every channel, or of every connection that used it.
func (p *pairing) byChannel(rows []*event.Event, known *Connection) {
	var channels []string // in order, so that the outcome has one, too
	groups := map[string][]*event.Event{}
	for _, e := range rows {
		channel := e.Channel()
		switch {
		case isRefusal(e):
			p.refusals = append(p.refusals, refusal(e))
		case !isConnect(e) && !isEnd(e):
		case channel == "":
			p.walk(nil, []*event.Event{e})
		default:
			if groups[channel] == nil {
				channels = append(channels, channel)
			}
			groups[channel] = append(groups[channel], e)
		}
	}
	if known != nil {
		p.walk(knownLink(*known), groups[known.ChannelID])
	}
	for _, channel := range channels {
		if known == nil || channel != known.ChannelID {
			p.walk(nil, groups[channel])
		}
	}
}

// walk goes through the events of a channel in order of time, from the connection
// that has it already, if there is one.
func (p *pairing) walk(current *link, rows []*event.Event) {
	for _, e := range rows {
		switch {
		case isConnect(e) && current != nil && current.beganWith(e):
			if !current.hasBegun() {
				current.beginWith(e)
			}
		case isConnect(e):
			p.keep(current)
			current = newLink(e)
		case current != nil && current.endedWith(e):
			current.endWith(e)
		default:
			p.keep(current)
			current = &link{}
			current.endWith(e)
		}
	}
	p.keep(current)
}

func (p *pairing) keep(l *link) {
	switch {
	case l == nil:
	case l.hasBegun():
		p.links = append(p.links, l)
	default:
		p.loose = append(p.loose, l)
	}
}

// byTime finds what the ends without a connect are about, the earliest first.
func (p *pairing) byTime() {
	slices.SortStableFunc(p.links, func(a, b *link) int { return a.Start.Compare(b.Start.Time) })
	slices.SortStableFunc(p.loose, func(a, b *link) int { return a.End.Compare(b.End.Time) })
	paired, begun := p.links, 0
	for _, l := range p.loose {
		for begun < len(paired) && paired[begun].Start.Before(l.End.Time) {
			begun++
		}
		p.place(l, candidates(paired, begun, l.End.Time))
	}
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
		if i+1 < begun && t.Sub(links[i+1].Start.Time) > sameMoment {
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
	end := l.bestEnd()
	owner, earlier := owners(end, candidates)
	switch {
	case owner != nil:
		owner.endWithAll(l.ends)
	case mayBeRefusal(end, len(candidates) > 0):
		p.refusals = append(p.refusals, refusal(end))
	case earlier != nil:
		earlier.endWithAll(l.ends)
	default:
		p.links = append(p.links, l)
	}
}

// owners are the open connection that an end is of, and one that has ended just
// before, of which the end may be told once more. A client identifier is taken over
// from an older connection, so the end of one that is taken over is not that of
// the connection which has just begun.
func owners(end *event.Event, candidates []*link) (open, ended *link) {
	if isNamed(end) {
		return nil, nil
	}
	for _, l := range candidates {
		switch {
		case !l.compatible(end):
		case l.hasEnded():
			if ended == nil && end.Time.Sub(l.End.Time).Abs() <= sameMoment {
				ended = l
			}
		case end.ActionInfo == event.ClientIDConflict && end.Time.Sub(l.Start.Time) <= sameMoment:
			open = cmp.Or(open, l) // unless there is an older one
		default:
			return l, ended
		}
	}
	return open, ended
}

// compareLinks orders by beginning, so that the last one is the newest. Where that is
// not on record, it came before all that is: the record begins somewhere. Of two that
// began at once, the one that ended first comes first.
func compareLinks(a, b *link) int {
	if a.Start.IsZero() != b.Start.IsZero() {
		if a.Start.IsZero() {
			return -1
		}
		return 1
	}
	if c := a.Start.Compare(b.Start.Time); c != 0 {
		return c
	}
	if a.hasEnded() != b.hasEnded() {
		if a.hasEnded() {
			return -1
		}
		return 1
	}
	return a.End.Compare(b.End.Time)
}

// inferEnds ends every connection that has no end on record when the next one began.
func inferEnds(links []*link) {
	for i, l := range links[:max(len(links)-1, 0)] {
		if next := links[i+1].Start; !l.hasEnded() && !next.IsZero() {
			l.End, l.EndIs, l.Kind = next, Inferred, Unexplained
		}
	}
}

// connectionsIn are the connections of a span, in order of time.
func (h history) connectionsIn(span Span) []Connection {
	found := []Connection{}
	for _, l := range h.links {
		if !l.known || !l.hasEnded() || !l.End.Before(span.From) {
			found = append(found, l.Connection)
		}
	}
	slices.SortStableFunc(found, func(a, b Connection) int { return a.when().Compare(b.when()) })
	return found
}
