package fleet

import (
	"time"

	"devicetrace/pkg/event"
	"devicetrace/pkg/summary"
)

// Of says whether a scope is about drops or refusals.
type Of string

const (
	Drops    Of = "drops"
	Refusals Of = "refusals"
)

// Kind says whom a drop or a refusal hit.
type Kind string

const (
	Alone     Kind = "alone"   // at most one other device
	ByNode    Kind = "node"    // devices on one node
	ByNetwork Kind = "network" // devices in one network
	ByReason  Kind = "reason"  // devices with the same reason
	Fleet     Kind = "fleet"   // devices all over the fleet
	NotClear  Kind = "not clear"
	Unknown   Kind = "unknown" // the events could not be counted completely
)

// ScopeInput holds everything that ScopeOf needs to know.
type ScopeInput struct {
	// At is the time of the drop. The window of a scope is the minute of At and its two neighbors.
	At time.Time
	// ClientID is the device that dropped. It is empty if the question is about an instant and not
	// about a device.
	ClientID event.ClientID
	Of       Of
	// Cells and Vicinities are the sums from Since(At) to Until(At), sorted.
	Cells      []summary.Cell
	Vicinities []summary.Vicinity
	// Rows lists all drops (or refusals, depending on Of) in the window. It is nil if the rows were
	// not read. Rows and Own may contain drops outside the window, which are ignored.
	Rows []Drop
	// Own lists the drops (or refusals) of the device itself, from its trace. The one at At gives the
	// node, network and reason of the device. If there is none, the drop is not on record: the
	// connection may have ended without a report.
	Own []Drop
	// Node and Address describe the connection that ended. They matter only if the drop is not on
	// record. They may be empty.
	Node    string
	Address string

	// Exact and AtMostTwice come from query.FleetResult.
	Exact       bool
	AtMostTwice int64
	// Complete means that the sums omit nothing: every shard and every object was counted.
	Complete bool
	Now      time.Time
}

// Window returns the start and the end, exclusive, of the window around at, which is the minute of
// at and its two neighbors.
func Window(at time.Time) (from, to time.Time) {
	w := windowOf(at)
	return w.first.Time(), (w.last + 1).Time()
}

// Since returns the start of the period whose sums ScopeOf needs. It is a whole minute.
func Since(at time.Time) time.Time {
	return (windowOf(at).first - minutesPerDay - 2).Time()
}

// Until returns the end, exclusive, of the period whose sums ScopeOf needs. It is a whole minute.
func Until(at time.Time) time.Time { return (windowOf(at).last + 3).Time() }

// Drop is one drop or refusal of a device. Its JSON is part of the API's scope response.
type Drop struct {
	ClientID   string  `json:"client_id"`
	Time       Instant `json:"time"`
	Node       string  `json:"node"`
	Address    string  `json:"peer_address"`
	Action     string  `json:"action"`
	ActionInfo string  `json:"action_info"`
}

// MaxDevices is the maximum length of Scope.Devices.
const MaxDevices = 200

// Scope says whom a drop or a refusal hit. Its JSON is part of the API's scope response.
type Scope struct {
	At   Instant `json:"at"`
	From Instant `json:"from"` // the window
	To   Instant `json:"to"`   // exclusive
	Of   Of      `json:"of"`
	Kind Kind    `json:"scope"`
	Name string  `json:"name"` // the node, network or reason; empty for other kinds
	// Others is the number of other devices that dropped (or were refused) in the window. Usual is
	// the number that could be expected.
	Others int64   `json:"others"`
	Usual  float64 `json:"usual"`
	// Connects is the number of devices that connected in the window.
	Connects int64 `json:"connects"`
	// ByNode, ByReason and ByNetwork split the other devices into groups, largest first. If
	// Complete is true, the numbers are exact, and a device that dropped on two nodes counts on
	// both. Otherwise, the numbers are estimates if some devices dropped more than once.
	ByNode    []OnNode     `json:"by_node"`
	ByReason  []WithReason `json:"by_reason"`
	ByNetwork []InNetwork  `json:"by_network"`
	// Devices lists at most MaxDevices other devices. The devices that dropped closest to At come
	// first. Complete means that all other devices are listed.
	Devices  []Drop `json:"devices"`
	Complete bool   `json:"complete"`
	// Provisional means that events of the window may still arrive.
	Provisional bool `json:"provisional"`
	// Exact means that Others is exact. Otherwise, it is an upper bound.
	Exact       bool  `json:"exact"`
	AtMostTwice int64 `json:"at_most_twice"`
	// ReceivedTimes means that most of the times are times of receipt, since the source sent none.
	ReceivedTimes bool `json:"received_times"`

	facts facts // what the texts need besides
}

// window is the minute of a drop and its two neighbors.
type window struct{ first, last summary.Minute }

func windowOf(at time.Time) window {
	m := summary.MinuteOf(at.UnixMilli())
	return window{m - 1, m + 1}
}

// has reports whether a time is in the window.
func (w window) has(i Instant) bool {
	m := summary.MinuteOf(int64(i))
	return w.first <= m && m <= w.last
}
