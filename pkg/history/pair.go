package history

import (
	"cmp"
	"slices"
	"time"

	"devicetrace/pkg/event"
)

// pairs holds the connections and refusals that pair found in the events of a client.
type pairs struct {
	drafts   []*draft // sorted by compareDrafts
	refusals []Refusal
}

// pair derives a client's connections and refusals from its events. earlier is a connection that
// began before the events, or nil. pair follows these rules:
//
//   - The events of one channel usually belong to one connection, even if they are out of order. An
//     exception: a later connection may reuse the channel, unless the channel is derived from the
//     start time. See areOneConnection and ownsConnect.
//   - An end event may have no connect event on its channel, because some sources send different
//     details at the end than at the start. Such an end event belongs to the newest connection that
//     was open at the time and whose details do not contradict the event's.
//   - If a session takeover may have caused the end, the end event belongs instead to the
//     connection that the takeover replaced. Neither this rule nor the previous one applies if the
//     broker itself supplied the channel, because the end event then has the same channel as its
//     connect event.
//   - If these rules find no connection for an end event, the end event may report a refusal, the
//     takeover of a session without a connection, or the end of a refused CONNECT. It may also
//     repeat a recent end. Otherwise, it reports the end of a connection whose connect event is not
//     on record.
func pair(rows []*event.Event, earlier *Connection) pairs {
	p := pairing{refusals: []Refusal{}}
	p.byChannel(rows, earlier)
	p.byTime()
	for _, d := range p.begun {
		d.fixTimes()
	}
	slices.SortStableFunc(p.begun, compareDrafts)
	inferEnds(p.begun)
	slices.SortStableFunc(p.refusals, func(a, b Refusal) int { return a.Time.Compare(b.Time.Time) })
	return pairs{p.begun, p.refusals}
}

// pairing holds the intermediate results of one call to pair.
type pairing struct {
	// begun first holds the drafts with a known connect event. Later, the place method adds those
	// drafts from endOnly that it can place nowhere else.
	begun     []*draft
	endOnly   []*draft // drafts without a known connect event; see the place method
	refusals  []Refusal
	refusedAt []time.Time // times of refused CONNECTs that may still get an end event; see isEndOfRefusal
}

// byChannel separates the refusals from the other events and groups the other events by channel. It
// then creates a draft for each connection.
func (p *pairing) byChannel(rows []*event.Event, earlier *Connection) {
	var channels []string // in order of first use, because the order of a map is random
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
	for _, e := range groups[""] { // these events have no channel, so each gets its own draft
		p.split("", []*event.Event{e}, nil)
	}
	delete(groups, "")
	if earlier != nil {
		p.split(earlier.ChannelID, groups[earlier.ChannelID], continuedDraft(*earlier))
		delete(groups, earlier.ChannelID)
	}
	for _, channel := range channels {
		p.split(channel, groups[channel], nil)
	}
}

// split divides the events of a channel into connections. current is a connection that used the
// channel before these events, or nil. split handles the events in order of time. If a connect
// event and an end event have the same time, it handles the connect event first.
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

// areOneConnection reports whether the events of a channel certainly belong to one connection. The
// events must be sorted by time. They belong to one connection if the broker itself supplied the
// channel, and there are exactly one connect event and at least one end event. The first and the
// last end event must be at most maxDisorder apart. The connect event may come after an end event,
// because the clock may have been set back.
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

// compareDrafts orders drafts by start time, so that the newest connection is last. Drafts with an
// unknown start time come first, because their connections probably began before the oldest event
// on record. If two connections began at the same time, the one that ended first comes first.
func compareDrafts(a, b *draft) int {
	if c := a.Start.Compare(b.Start.Time); c != 0 { // an unknown start is the zero time
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

// inferEnds gives each connection without a recorded end an inferred end: the start of the next
// connection.
func inferEnds(drafts []*draft) {
	for i, d := range drafts[:max(len(drafts)-1, 0)] {
		if next := drafts[i+1].Start; !d.hasEnded() && !next.IsZero() {
			d.End, d.EndIs, d.Kind = next, Inferred, Unexplained
		}
	}
}

// connectionsIn returns the connections that were open at some time in the span or ended in it. The
// connections are sorted by start time. If a start time is unknown, the end time is used instead.
func (p pairs) connectionsIn(span Span) []Connection {
	drafts := slices.DeleteFunc(slices.Clone(p.drafts), func(d *draft) bool {
		return d.continued && d.hasEnded() && d.End.Before(span.From)
	})
	slices.SortStableFunc(drafts, func(a, b *draft) int { return a.sortTime().Compare(b.sortTime()) })
	found := make([]Connection, len(drafts))
	for i, d := range drafts {
		found[i] = d.Connection
	}
	return found
}
