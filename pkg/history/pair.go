package history

import (
	"cmp"
	"math"
	"slices"
)

// pairs holds the connections and refusals that pair found in the events of a client.
type pairs struct {
	drafts   []*draft // sorted by compareDrafts
	refusals []Refusal

	events int     // the number of events
	first  Instant // all events at or after this instant are known
	last   Instant // the time of the newest event
}

func (p *pairs) count(r *row) {
	if p.events == 0 {
		p.first = cmp.Or(p.first, r.Time)
	}
	p.last = r.Time
	p.events++
}

// pair derives a client's connections and refusals from its events between from and to, both
// included. earlier is a connection that began before these events, or nil. pair follows these
// rules:
//
//   - The events of one channel usually belong to one connection, even if they are out of order.
//     But a later connection may reuse the channel, unless the channel is derived from the start
//     time. See areOneConnection and ownsConnect.
//   - An end event may have no connect event on its channel, because some sources send different
//     details at the end than at the start. Such an end event belongs to the newest connection that
//     was open at the time. The details of the connection must not contradict the details of the
//     event.
//   - If the end event has a connect time, it belongs instead to the connection that began nearest
//     to that time, even if a newer connection was open. See ownersByStart.
//   - If a session takeover may have caused the end, the end event belongs instead to the
//     connection that the takeover replaced.
//   - The previous three rules do not apply if the broker itself sent the channel, because the
//     connect event then has the same channel.
//   - If these rules find no connection for an end event, the end event may report a refusal, the
//     takeover of a session without a connection, or the end of a refused CONNECT. It may also
//     repeat a recent end. Otherwise, it reports the end of a connection whose connect event is not
//     on record.
func pair(log *Log, from, to Instant, earlier *Connection) pairs {
	p := pairing{pairs: pairs{refusals: []Refusal{}, first: max(from, 0)}}
	p.byChannel(log, from, to, earlier)
	p.byTime()
	for _, d := range p.begun {
		d.fixTimes()
	}
	slices.SortStableFunc(p.begun, compareDrafts)
	inferEnds(p.begun)
	slices.SortStableFunc(p.refusals, func(a, b Refusal) int { return cmp.Compare(a.Time, b.Time) })
	p.drafts = p.begun
	return p.pairs
}

// pairing holds the intermediate results of one call to pair.
type pairing struct {
	pairs
	// begun holds the drafts with a known connect event. The place method adds the drafts of endOnly
	// that it can place nowhere else.
	begun     []*draft
	endOnly   []*draft  // drafts without a known connect event; see the place method
	refusedAt []Instant // times of refused CONNECTs that may still get an end event; see isEndOfRefusal
	merged    interned  // details that were merged from several events
}

// byChannel separates the refusals from the other events and groups the other events by channel. It
// then creates a draft for each connection.
func (p *pairing) byChannel(log *Log, from, to Instant, earlier *Connection) {
	var channels []*channel // in order of first use
	var rows []*row         // reused for each channel
	isKnown := make([]bool, len(log.channels))
	if earlier != nil && log.channels[earlier.ChannelID] != nil {
		isKnown[log.channels[earlier.ChannelID].number] = true
	}
	for r := range log.rows(from, to) {
		p.count(r)
		switch {
		case r.isRefusal:
			p.refusals = append(p.refusals, Refusal{r})
		case !r.isConnect && !r.isEnd:
		case r.channel == nil: // such events cannot be grouped, so each gets its own draft
			rows = append(rows[:0], r)
			p.split("", rows, nil)
		case !isKnown[r.channel.number]:
			isKnown[r.channel.number] = true
			channels = append(channels, r.channel)
		}
	}
	if earlier != nil {
		rows = log.channels[earlier.ChannelID].appendTo(rows[:0], from, to)
		p.split(earlier.ChannelID, rows, continuedDraft(*earlier))
	}
	for _, c := range channels {
		rows = c.appendTo(rows[:0], from, to)
		p.split(c.id, rows, nil)
	}
}

// split divides the events of a channel into connections. current is a connection that used the
// channel before these events, or nil. split handles the events in order of time. If a connect
// event and an end event have the same time, it handles the connect event first.
func (p *pairing) split(channelID string, rows []*row, current *draft) {
	slices.SortStableFunc(rows, connectFirst)
	one := current == nil && areOneConnection(rows)
	for _, r := range rows {
		switch {
		case r.isConnect && current != nil && (one || current.ownsConnect(r)):
			if !current.hasBegun() {
				p.addConnect(current, r)
				current.isDoubtful = r.isNamed
			}
		case r.isConnect:
			p.keep(current)
			current = newDraft(channelID)
			p.addConnect(current, r)
		case current != nil && current.ownsEnd(r):
			p.addEnd(current, r)
		default:
			p.keep(current)
			current = newDraft(channelID)
			p.addEnd(current, r)
		}
	}
	p.keep(current)
}

// areOneConnection reports whether the events of a channel certainly belong to one connection. The
// events must be sorted by time. They belong to one connection if all of the following are true:
//
//   - The source itself sent the channel.
//   - There is exactly one connect event. It may come after an end event, because the clock may
//     have been set back.
//   - There are end events, and the first and the last of them are at most maxDisorder apart.
func areOneConnection(rows []*row) bool {
	var first, last *row
	connects := 0
	for _, r := range rows {
		if r.isConnect {
			connects++
			continue
		}
		first, last = cmp.Or(first, r), r
	}
	return connects == 1 && first != nil && first.isNamed && last.Time.Sub(first.Time) <= maxDisorder
}

func connectFirst(a, b *row) int {
	switch {
	case a.Time != b.Time:
		return cmp.Compare(a.Time, b.Time)
	case a.isConnect == b.isConnect:
		return 0
	case a.isConnect:
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
	return cmp.Or(
		cmp.Compare(a.Start, b.Start),
		cmp.Compare(a.endBy(math.MaxInt64), b.endBy(math.MaxInt64)), // an open connection comes last
		cmp.Compare(a.ChannelID, b.ChannelID),
	)
}

// inferEnds fills in the missing ends: a connection without a recorded end is taken to end when the
// next one starts, if that start is known.
func inferEnds(drafts []*draft) {
	for i, d := range drafts[:max(len(drafts)-1, 0)] {
		if next := drafts[i+1].Start; !d.hasEnded() && !next.IsZero() {
			d.End, d.EndIs, d.Kind = next, Inferred, Unexplained
		}
	}
}

// connectionsFrom returns the connections that had not ended before the given instant. They are
// sorted by start time. If a start time is unknown, the end time is used instead.
func (p pairs) connectionsFrom(from Instant) []*Connection {
	found := make([]*Connection, 0, len(p.drafts))
	for _, d := range p.drafts {
		if !d.isContinued || !d.hasEnded() || d.End >= from {
			found = append(found, &d.Connection)
		}
	}
	slices.SortStableFunc(found, func(a, b *Connection) int { return cmp.Compare(a.sortTime(), b.sortTime()) })
	return found
}
