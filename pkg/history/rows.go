package history

import (
	"cmp"
	"slices"
	"time"

	"devicetrace/pkg/event"
)

// unique is the events at wanted times in order of time, each once, however often it
// was delivered. It points into events.
func unique(events []event.Event, wanted func(time.Time) bool) []*event.Event {
	rows := make([]*event.Event, 0, len(events))
	for i := range events {
		if wanted(events[i].Time) {
			rows = append(rows, &events[i])
		}
	}
	slices.SortFunc(rows, func(a, b *event.Event) int {
		if c := compareSent(a, b); c != 0 {
			return c
		}
		return compareRead(a, b)
	})
	return slices.CompactFunc(rows, func(a, b *event.Event) bool { return compareSent(a, b) == 0 })
}

// compareSent compares by time, then by whatever else the source sent to tell its
// events apart. Two events that are equal in it are two deliveries of one.
func compareSent(a, b *event.Event) int {
	if c := a.Time.Compare(b.Time); c != 0 { // the common case
		return c
	}
	return cmp.Or(
		cmp.Compare(a.SourceEventID, b.SourceEventID),
		cmp.Compare(a.NativeEvent, b.NativeEvent),
		cmp.Compare(a.NativeReason, b.NativeReason),
		cmp.Compare(a.ChannelID, b.ChannelID),
		a.ConnectedAt.Compare(b.ConnectedAt),
		cmp.Compare(a.PeerAddress, b.PeerAddress),
		cmp.Compare(a.PeerPort, b.PeerPort),
		cmp.Compare(a.Node, b.Node),
	)
}

// compareRead compares by the rest of what a report can show, so that of two
// deliveries that were read in two ways the same one is kept whatever the order.
func compareRead(a, b *event.Event) int {
	return cmp.Or(
		cmp.Compare(a.Action, b.Action),
		cmp.Compare(a.ActionInfo, b.ActionInfo),
		compareOptional(a.ReasonCode, b.ReasonCode),
		cmp.Compare(a.Username, b.Username),
		cmp.Compare(a.Protocol, b.Protocol),
		cmp.Compare(a.ProtocolVersion, b.ProtocolVersion),
		compareOptional(a.KeepAlive, b.KeepAlive),
		compareOptional(number(a.CleanStart), number(b.CleanStart)),
		cmp.Compare(a.Source, b.Source),
		cmp.Compare(a.TimeOrigin, b.TimeOrigin),
	)
}

// number is 0 for false and 1 for true.
func number(o event.Optional[bool]) event.Optional[int] {
	n := event.Optional[int]{Known: o.Known}
	if o.Value {
		n.Value = 1
	}
	return n
}

// compareOptional puts the unknown first.
func compareOptional[T cmp.Ordered](a, b event.Optional[T]) int {
	switch {
	case a.Known && b.Known:
		return cmp.Compare(a.Value, b.Value)
	case a.Known:
		return 1
	case b.Known:
		return -1
	default:
		return 0
	}
}
