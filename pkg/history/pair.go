package history

import (
	"cmp"
	"slices"
	"time"

	"devicetrace/pkg/event"
)

// pairs is what the events of a client tell when put together.
type pairs struct {
	links    []*link // in the order of compareLinks
	refusals []Refusal
}

// pair puts events together:
//
//   - Events of one channel are of one connection, in whatever order they came. A
//     channel that is derived from address and port alone may come again later, and so
//     may one that the broker named, unless it is about one connect and one end.
//   - An end without a connect of its channel, whose channel is none or was derived,
//     is that of the newest connection open at its time that it does not contradict:
//     some sources tell other things of a connection's end than of its beginning. One
//     that is or may be of a takeover is that of an older connection just replaced.
//   - An end that finds none is a refusal, or another row about the end just before,
//     or about a session or a refused CONNECT only, or of a connection whose connect
//     is not on record.
//
// known is a connection from before the events that may still be open, or nil.
func pair(rows []*event.Event, known *Connection) pairs {
	p := pairing{refusals: []Refusal{}}
	p.byChannel(rows, known)
	p.byTime()
	for _, l := range p.links {
		l.settle()
	}
	slices.SortStableFunc(p.links, compareLinks)
	inferEnds(p.links)
	slices.SortStableFunc(p.refusals, func(a, b Refusal) int { return a.Time.Compare(b.Time.Time) })
	return pairs{p.links, p.refusals}
}

type pairing struct {
	links     []*link // whose beginning is known
	loose     []*link // that have ends only
	refusals  []Refusal
	refusedAt []time.Time // see isOfRefusal
}

// byChannel makes a link of every channel, or of every connection that used it.
func (p *pairing) byChannel(rows []*event.Event, known *Connection) {
	var channels []string // in order, so that the outcome has one, too
	groups := map[string][]*event.Event{}
	for _, e := range rows {
		switch {
		case isRefusal(e):
			p.refusals = append(p.refusals, refusal(e))
		case isConnect(e) || isEnd(e):
			channel := e.Channel()
			if groups[channel] == nil {
				channels = append(channels, channel)
			}
			groups[channel] = append(groups[channel], e)
		}
	}
	for _, e := range groups[""] { // nothing tells which of them are of one connection
		p.walk("", []*event.Event{e}, nil)
	}
	delete(groups, "")
	if known != nil {
		p.walk(known.ChannelID, groups[known.ChannelID], knownLink(*known))
		delete(groups, known.ChannelID)
	}
	for _, channel := range channels {
		p.walk(channel, groups[channel], nil)
	}
}

// walk goes through the events of a channel, from the connection that has it already,
// if there is one: in order of time, and in one instant the connect first.
func (p *pairing) walk(channel string, rows []*event.Event, current *link) {
	slices.SortStableFunc(rows, connectFirst)
	one := current == nil && areOfOne(rows)
	for _, e := range rows {
		switch {
		case isConnect(e) && current != nil && (one || current.beganWith(e)):
			if !current.hasBegun() {
				current.beginWith(e)
				current.doubtful = isNamed(e)
			}
		case isConnect(e):
			p.keep(current)
			current = newLink(channel)
			current.beginWith(e)
		case current != nil && current.endedWith(e):
			current.endWith(e)
		default:
			p.keep(current)
			current = newLink(channel)
			current.endWith(e)
		}
	}
	p.keep(current)
}

// areOfOne reports whether events of a channel, in order of time, are of one connection
// even if the clock was set back meanwhile: the broker named it, and they are one connect
// and one end.
func areOfOne(rows []*event.Event) bool {
	ends := slices.DeleteFunc(slices.Clone(rows), isConnect)
	return len(rows) == len(ends)+1 && len(ends) > 0 && isNamed(ends[0]) &&
		ends[len(ends)-1].Time.Sub(ends[0].Time) <= disorder
}

func connectFirst(a, b *event.Event) int {
	switch {
	case !a.Time.Equal(b.Time):
		return a.Time.Compare(b.Time)
	case isConnect(a) == isConnect(b):
		return 0
	case isConnect(a):
		return -1
	default:
		return 1
	}
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

// compareLinks orders by beginning, so that the last one is the newest. Where that is
// not on record, it came before all that is: the record begins somewhere. Of two that
// began at once, the one that ended first comes first.
func compareLinks(a, b *link) int {
	if c := a.Start.Compare(b.Start.Time); c != 0 { // unknown is the zero time
		return c
	}
	if a.hasEnded() != b.hasEnded() {
		if a.hasEnded() {
			return -1
		}
		return 1
	}
	return cmp.Or(a.End.Compare(b.End.Time), cmp.Compare(a.ChannelID, b.ChannelID))
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
func (p pairs) connectionsIn(span Span) []Connection {
	links := slices.DeleteFunc(slices.Clone(p.links), func(l *link) bool {
		return l.known && l.hasEnded() && l.End.Before(span.From)
	})
	slices.SortStableFunc(links, func(a, b *link) int { return a.when().Compare(b.when()) })
	found := make([]Connection, len(links))
	for i, l := range links {
		found[i] = l.Connection
	}
	return found
}
