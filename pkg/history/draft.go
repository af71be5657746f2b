package history

import (
	"cmp"
	"math"
	"time"

	"devicetrace/pkg/broker"
)

const (
	// SameMoment is the maximum difference between times that count as the same moment. Two events
	// can report the same moment with different times, because some sources send only whole
	// seconds. For example, a session takeover appears in two events: the end event of the old
	// connection and the connect event of the new connection.
	SameMoment = 2 * time.Second
	// maxDisorder is the maximum time by which a connection's events can be out of order. If the
	// source sends no event times, the received time is used instead. The received time may be up
	// to about 45 s late, because a broker may keep retrying a delivery for 45 s.
	maxDisorder = time.Minute
)

// draft is a connection that is still being assembled from its events.
type draft struct {
	Connection
	next        Instant // the start of the client's next connection; used by losesTakeover
	acceptedAt  Instant // the time of the connect event; unknown if no connect event is on record
	first, last *row    // the oldest and the newest end event, if there is no connect event
	isContinued bool    // the caller of pair supplied this connection, possibly without its events
	// isDoubtful means that older events could change the end of this connection. For example, its
	// recorded end may belong to an older connection.
	isDoubtful bool
}

// newDraft returns a draft of a connection about which only the channel is known.
func newDraft(channelID string) *draft {
	return &draft{Connection: Connection{ChannelID: channelID, meaning: noMeaning, details: noDetails}}
}

func (p *pairing) addConnect(d *draft, r *row) {
	d.acceptedAt, d.accepted = r.Time, true
	d.Start = r.Time
	p.fill(d, r)
}

// addEnd adds r, an end event of the connection. The end event with the highest detailRank
// determines the time and the cause of the end. Among events of equal rank, the first one added
// counts.
func (p *pairing) addEnd(d *draft, r *row) {
	p.fill(d, r)
	d.first, d.last = cmp.Or(d.first, r), r
	if !d.hasEnded() || r.detailRank > d.detailRank {
		d.End, d.EndIs, d.Kind, d.meaning = r.Time, Reported, r.kind, r.meaning
	}
}

// fill copies from r the details that are still unknown in d.
func (p *pairing) fill(d *draft, r *row) {
	fill(&d.PeerAddress, r.PeerAddress)
	fill(&d.PeerPort, r.PeerPort)
	fill(&d.Username, r.Username)
	fill(&d.Node, r.Node)
	fill(&d.connectedAt, r.connectedAt)
	switch {
	case d.details == noDetails:
		d.details = r.details
	case d.details != r.details:
		d.details = p.merged.keep(d.details.or(r.details))
	}
}

// continuedDraft returns a draft of connection c, the newest connection of an earlier Status. More
// events may be added to the draft.
func continuedDraft(c Connection) *draft { return &draft{Connection: c, isContinued: true} }

// addEnds adds to d the end events of another draft, which has no connect event.
func (p *pairing) addEnds(d, other *draft) {
	for r := range other.ends {
		p.addEnd(d, r)
	}
}

// ends yields the end events of d, which must have no connect event.
func (d *draft) ends(yield func(*row) bool) {
	for r := d.first; r != nil; r = r.next {
		if r.isEnd && !yield(r) || r == d.last {
			return
		}
	}
}

// best returns the end event that determined the end of a draft without a connect event.
func (d *draft) best() *row {
	for r := range d.ends {
		if r.detailRank == d.detailRank {
			return r
		}
	}
	return nil
}

func (d *draft) hasBegun() bool { return !d.acceptedAt.IsZero() || d.isContinued }
func (d *draft) hasEnded() bool { return !d.End.IsZero() }

// hasAddressOnly reports whether r identifies its connection only by address and port, which a
// later connection of the client may reuse.
func (r *row) hasAddressOnly() bool { return !r.isNamed && r.connectedAt.IsZero() }

// ownsConnect reports whether the connect event r belongs to this connection. r must have the same
// channel as this connection. If ownsConnect returns false, r belongs to a later connection with
// the same channel. Because events can be out of order (see maxDisorder), r may belong to this
// connection even if its end is already known.
func (d *draft) ownsConnect(r *row) bool {
	switch {
	case r.hasAddressOnly():
		return false
	case !r.isNamed: // the channel is derived from the connect time, so no two connections share it
		return true
	case d.hasBegun():
		return !d.hasEnded() && r.Time.Sub(d.Start) <= maxDisorder
	default:
		return r.Time.Sub(d.End) <= maxDisorder
	}
}

// ownsEnd reports whether the end event r belongs to this connection. r must have the same channel
// as this connection. If ownsEnd returns false, r belongs to a later connection with the same
// channel.
func (d *draft) ownsEnd(r *row) bool {
	switch {
	case !d.hasEnded():
		return true
	case r.hasAddressOnly(): // some sources report the end again at a session takeover; see isSessionTakeover
		return !r.traits.SessionTakeovers && r.Time.Sub(d.End) <= SameMoment
	case r.isNamed:
		return r.Time.Sub(d.End) <= maxDisorder
	default:
		return true
	}
}

// mayOwn reports whether the end event r, whose source sent no channel, can belong to this
// connection. It can unless a known detail of r contradicts a known detail of the connection.
func (d *draft) mayOwn(r *row) bool {
	return !differentNodes(d.Node, r.Node) && !Differ(d.PeerAddress, r.PeerAddress) && !Differ(d.PeerPort, r.PeerPort) &&
		(r.connectedAt.IsZero() || d.beganAt(r.connectedAt))
}

// matches reports whether the end event r has the same address and port as this connection, or a
// start time that fits; see beganAt. Call it only if the source of r sent no channel.
func (d *draft) matches(r *row) bool {
	return r.PeerPort != 0 && d.PeerPort == r.PeerPort && d.PeerAddress == r.PeerAddress ||
		!r.connectedAt.IsZero() && d.beganAt(r.connectedAt)
}

func (d *draft) beganAt(t Instant) bool { return d.startsFrom(t) <= SameMoment }

// startsFrom returns the time between t and the start of the connection. If the source reported the
// start, only this exact start counts. The result for any other t, and for an unknown start, is
// longer than any real duration.
func (d *draft) startsFrom(t Instant) time.Duration {
	switch d.connectedAt {
	case 0:
		return d.Start.Sub(t).Abs()
	case t:
		return 0
	default:
		return math.MaxInt64
	}
}

// differentNodes reports whether a and b are known to name different nodes.
func differentNodes(a, b string) bool { return Differ(a, b) && broker.ComparableNodes(a, b) }

// Differ reports whether a and b are both known but different. The zero value means unknown.
func Differ[T comparable](a, b T) bool {
	var unknown T
	return a != b && a != unknown && b != unknown
}

// fixTimes makes the times of a connection consistent after all events have been assigned:
//
//   - If no connect event is on record, the start is the connect time in the end event, if any.
//   - If the start is later than the end, a clock was wrong. The start is then set to the end.
//   - If no end is on record, the connection is marked as open. inferEnds may later infer an end.
func (d *draft) fixTimes() {
	d.Start = cmp.Or(d.Start, d.connectedAt)
	if d.hasEnded() {
		d.Start = min(d.Start, d.End)
	} else {
		d.EndIs, d.Kind = Open, StillOpen
	}
}
