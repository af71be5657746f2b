package history

import (
	"cmp"
	"slices"
	"time"

	"devicetrace/pkg/event"
)

// pairs is what the events of a client add up to.
type pairs struct {
	drafts   []*draft // in the order of compareDrafts
	refusals []Refusal
}

// pair puts events together:
//
//   - Events of one channel belong to one connection, in whatever order they came. A channel
//     that is derived from address and port alone may come again later. So may a channel that
//     the broker named, unless its events are one connect and one end.
//   - An end without a connect of its channel belongs to the newest connection that was open
//     at the time and does not contradict it, provided that the broker did not name the
//     channel. Some sources report other details at the end of a connection than at its
//     start. An end by a takeover, or by what may be one, belongs to an older connection that
//     was just replaced.
//   - An end that finds no connection is a refusal, or another row about the end just before,
//     or about a session or a refused CONNECT only, or about a connection whose connect is not
//     on record.
//
// known is a connection from before the events, or nil.
func pair(rows []*event.Event, known *Connection) pairs {
	p := pairing{refusals: []Refusal{}}
	p.byChannel(rows, known)
	p.byTime()
	for _, d := range p.begun {
		d.fixTimes()
	}
	slices.SortStableFunc(p.begun, compareDrafts)
	inferEnds(p.begun)
	slices.SortStableFunc(p.refusals, func(a, b Refusal) int { return a.Time.Compare(b.Time.Time) })
	return pairs{p.begun, p.refusals}
}

// pairing is the work of pair in progress.
type pairing struct {
	begun     []*draft // drafts with a known connect; at the end of pair, all drafts
	endOnly   []*draft // drafts without a known connect
	refusals  []Refusal
	refusedAt []time.Time // see isEndOfRefusal
}

// byChannel makes a draft for each channel, or for each connection that used the channel.
func (p *pairing) byChannel(rows []*event.Event, known *Connection) {
	var channels []string // in order, so that the result has an order, too
	groups := map[string][]*event.Event{}
	for _, e := range rows {
		switch {
		case isRefusal(e):
			p.refusals = append(p.refusals, newRefusal(e))
		case isConnect(e) || isEnd(e):
			channel := e.Channel()
			if groups[channel] == nil {
				channels = append(channels, channel)
			}
			groups[channel] = append(groups[channel], e)
		}
	}
	for _, e := range groups[""] { // nothing says which of them belong together
		p.split("", []*event.Event{e}, nil)
	}
	delete(groups, "")
	if known != nil {
		p.split(known.ChannelID, groups[known.ChannelID], knownDraft(*known))
		delete(groups, known.ChannelID)
	}
	for _, channel := range channels {
		p.split(channel, groups[channel], nil)
	}
}

// split splits the events of a channel into connections, beginning with the connection that
// has the channel already, or nil. It goes through the events in order of time, and takes the
// connect first if it has the time of an end.
func (p *pairing) split(channel string, rows []*event.Event, current *draft) {
	slices.SortStableFunc(rows, connectFirst)
	one := current == nil && areOneConnection(rows)
	for _, e := range rows {
		switch {
		case isConnect(e) && current != nil && (one || current.ownsConnect(e)):
			if !current.hasBegun() {
				current.addConnect(e)
				current.doubtful = hasChannelID(e)
			}
		case isConnect(e):
			p.keep(current)
			current = newDraft(channel)
			current.addConnect(e)
		case current != nil && current.ownsEnd(e):
			current.addEnd(e)
		default:
			p.keep(current)
			current = newDraft(channel)
			current.addEnd(e)
		}
	}
	p.keep(current)
}

// areOneConnection reports whether the events of a channel, in order of time, belong to one
// connection even if the clock was set back meanwhile: the broker named the channel, and they
// are one connect and one end.
func areOneConnection(rows []*event.Event) bool {
	ends := slices.DeleteFunc(slices.Clone(rows), isConnect)
	return len(rows) == len(ends)+1 && len(ends) > 0 && hasChannelID(ends[0]) &&
		ends[len(ends)-1].Time.Sub(ends[0].Time) <= maxDisorder
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

func (p *pairing) keep(d *draft) {
	switch {
	case d == nil:
	case d.hasBegun():
		p.begun = append(p.begun, d)
	default:
		p.endOnly = append(p.endOnly, d)
	}
}

// compareDrafts orders by start, so that the last one is the newest. An unknown start comes
// before all known ones, since the records begin somewhere. Of two connections that began at
// once, the one that ended first comes first.
func compareDrafts(a, b *draft) int {
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

// inferEnds ends each connection without a recorded end when the next one began.
func inferEnds(drafts []*draft) {
	for i, d := range drafts[:max(len(drafts)-1, 0)] {
		if next := drafts[i+1].Start; !d.hasEnded() && !next.IsZero() {
			d.End, d.EndIs, d.Kind = next, Inferred, Unexplained
		}
	}
}

// connectionsIn returns the connections of a span in order of time.
func (p pairs) connectionsIn(span Span) []Connection {
	drafts := slices.DeleteFunc(slices.Clone(p.drafts), func(d *draft) bool {
		return d.known && d.hasEnded() && d.End.Before(span.From)
	})
	slices.SortStableFunc(drafts, func(a, b *draft) int { return a.sortTime().Compare(b.sortTime()) })
	found := make([]Connection, len(drafts))
	for i, d := range drafts {
		found[i] = d.Connection
	}
	return found
}
