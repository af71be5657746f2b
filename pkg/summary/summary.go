// Package summary adds up the rows of a fleet: by minute, by cause and by client. A compactor makes
// the summaries of a segment from the segment's rows while it merges. Questions about a fleet then
// read the summaries instead of the rows.
//
// Invariants:
//
//   - A summary is a pure function of a segment's rows.
//   - Sums are whole numbers, so they can be added in any order. A client is in one shard, so the
//     sums over shards are exact.
//   - If two sets of rows have an event in common, the sum of their summaries counts it twice. Sums
//     are never below the truth.
package summary

import (
	"time"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
	"devicetrace/pkg/segment"
)

// Minute is a minute since 1970, in UTC.
type Minute int64

const millisPerMinute = 60_000

// MinuteOf returns the minute that contains the given event time, in Unix ms.
func MinuteOf(ms int64) Minute {
	m := ms / millisPerMinute
	if ms%millisPerMinute < 0 {
		m-- // before 1970
	}
	return Minute(m)
}

// Time returns the first instant of the minute.
func (m Minute) Time() time.Time { return time.UnixMilli(int64(m) * millisPerMinute).UTC() }

// Kind is what a row reports about a connection. Each row has exactly one kind.
type Kind uint8

const (
	Connect    Kind = iota // an accepted CONNECT
	Refusal                // a refused CONNECT
	Drop                   // the end of a connection without DISCONNECT
	Disconnect             // the end of a connection with DISCONNECT
)

// String returns the kind's name in the API.
func (k Kind) String() string { return [...]string{"connect", "refusal", "drop", "disconnect"}[k] }

// IsEnd reports whether a row of this kind reports the end of a connection.
func (k Kind) IsEnd() bool { return k == Drop || k == Disconnect }

// KindOf returns the kind of a row. It looks at this row alone, whereas package history also
// considers the client's other rows. So a few rows count as drops that a diagnosis shows as
// refusals.
func KindOf(r *segment.Row) Kind {
	isAccepted := r.ActionInfo == string(event.Accepted) || r.ActionInfo == ""
	switch {
	case broker.IsRefusal(&event.Event{Action: event.Action(r.Action), NativeEvent: r.NativeEvent}):
		return Refusal
	case r.Action == string(event.Connect) && isAccepted:
		return Connect
	case r.Action == string(event.Connect):
		return Refusal
	case r.Action == string(event.Disconnect):
		return Disconnect
	case r.ActionInfo == string(event.NotAuthorized) && r.ConnectedAt == 0:
		return Refusal
	default:
		return Drop
	}
}

// Key holds the properties that all events of a cell share.
type Key struct {
	// Node is the broker node, or empty if it is unknown. Rest means that the cell adds up all nodes
	// except the busiest ones; Node is then empty, and Cell.Devices may count a client several times.
	Node string
	Rest bool
	// Action and ActionInfo are the words of the events.
	Action     string
	ActionInfo string
	// Received means that the source sent no time, so the minute is when the event was received.
	Received bool
	// Refused means that the events are refusals.
	Refused bool
}

// Kind returns the kind of the events that have this key.
func (k *Key) Kind() Kind {
	switch {
	case k.Refused:
		return Refusal
	case k.Action == string(event.Connect):
		return Connect
	case k.Action == string(event.Disconnect):
		return Disconnect
	default:
		return Drop
	}
}

// Cell counts the events of one minute that have the same key.
type Cell struct {
	Minute Minute
	Key
	Events  int64
	Devices int64 // the number of distinct clients with such an event
}

// Vicinity counts distinct clients in the vicinity of a minute: the minute and its two neighbors.
type Vicinity struct {
	Minute Minute
	// Connected, Dropped and Refused are the numbers of distinct clients with a connect, a drop or a
	// refusal in the three minutes.
	Connected, Dropped, Refused int64
	// Sample is a uniform sample of the clients that dropped in the minute itself: the SampleSize
	// clients with the lowest rank.
	Sample []Witness
}

// SampleSize is the maximum number of clients in the sample of a minute.
const SampleSize = 4

// Witness is a client that dropped in some minute.
type Witness struct {
	ClientID string
	// Time is the time of the client's first drop in the minute, in Unix ms. The other fields
	// belong to that drop.
	Time       int64
	Address    string
	Node       string
	ActionInfo string
}

// FlappingDrops is the number of drops on one UTC day from which a device counts as flapping.
const FlappingDrops = 10

// Totals counts the devices of a set of rows.
type Totals struct {
	Devices  int64 // distinct clients
	Dropped  int64 // clients with at least one drop
	Flapping int64 // clients with at least FlappingDrops drops
	Offline  int64 // clients whose last known state is Offline
	// Most holds the flapping clients with the most drops, in descending order, at most MostDevices.
	Most []Device
}

// MostDevices is the maximum length of Totals.Most.
const MostDevices = 16

// Sums holds the sums of a set of rows.
type Sums struct {
	Cells      []Cell     // sorted by minute, then by key
	Vicinities []Vicinity // sorted by minute
	// Totals is nil unless the devices were counted.
	Totals *Totals
	// Devices is sorted by client identifier. It is empty unless the devices were counted.
	Devices []Device
}
