package fleet

import (
	"time"

	"devicetrace/pkg/summary"
)

// View shows what happened to a fleet within a span. Its JSON is part of the API's fleet response.
type View struct {
	Totals Totals `json:"totals"`
	// Steps covers the span without a gap. A step without events has zeros.
	Steps []Step `json:"steps"`
	// Reasons holds the reasons of ends and refusals, most events first.
	Reasons []Reason `json:"reasons"`
	// Nodes holds all nodes with events, most events first. The entry for the rest comes last.
	Nodes []Node `json:"nodes"`
	// Flapping holds the devices with the most drops, at most summary.MostDevices. It is nil, like
	// Down, if the devices were not counted.
	Flapping []Flapping `json:"flapping"`
	// Down is the number of devices whose last known state is offline.
	Down *int64 `json:"down"`

	from, to summary.Minute // the span; to is exclusive
}

// Counts counts events.
type Counts struct {
	Connects int64 `json:"connects"` // accepted ones
	Refusals int64 `json:"refusals"`
	Ends     int64 `json:"ends"` // drops and disconnects
	Drops    int64 `json:"drops"`
}

func (c *Counts) add(kind summary.Kind, events int64) {
	switch kind {
	case summary.Connect:
		c.Connects += events
	case summary.Refusal:
		c.Refusals += events
	case summary.Drop:
		c.Drops += events
	}
	if kind.IsEnd() {
		c.Ends += events
	}
}

func (c *Counts) all() int64 { return c.Connects + c.Refusals + c.Ends }

// Totals counts the events of the whole span.
type Totals struct {
	Counts
	Disconnects int64 `json:"disconnects"`
	// Devices is the number of devices with events, and Dropped the number of devices with at least
	// one drop. Both are nil if the devices were not counted.
	Devices *int64 `json:"devices"`
	Dropped *int64 `json:"dropped"`
}

// Step counts the events of one step of the span.
type Step struct {
	Time Instant `json:"time"` // the start of the step
	Counts
	// ByReason and ByNode split the ends of the step, most events first. ByNode names at most
	// maxStepNodes nodes.
	ByReason []ReasonCount `json:"by_reason"`
	ByNode   []NodeCount   `json:"by_node"`
}

// ReasonCount counts the ends of a step that have the same reason.
type ReasonCount struct {
	Action     string `json:"action"`
	ActionInfo string `json:"action_info"`
	Events     int64  `json:"events"`
}

// NodeCount counts the ends of a step on one node. If Rest is true, it counts the ends on all nodes
// that are not named.
type NodeCount struct {
	Node   string `json:"node"`
	Rest   bool   `json:"rest,omitempty"`
	Events int64  `json:"events"`
}

// Reason counts the events of the span that have the same reason.
type Reason struct {
	Action     string `json:"action"`
	ActionInfo string `json:"action_info"`
	Kind       string `json:"kind"` // drop, disconnect or refusal
	Events     int64  `json:"events"`
	// Before is the number of events in the same span of the day before. It is nil if the spans were
	// not compared.
	Before *int64 `json:"before"`
}

// Node counts the events of the span on one node. If Rest is true, it counts the events on all nodes
// that are not named.
type Node struct {
	Node string `json:"node"`
	Rest bool   `json:"rest,omitempty"`
	Counts
	// Before is the number of drops in the same span of the day before. It is nil if the spans were
	// not compared, or if only one of the two days names the node.
	Before *int64 `json:"before"`
}

// Flapping is a device with many drops.
type Flapping struct {
	ClientID  string  `json:"client_id"`
	Username  string  `json:"username"`
	Node      string  `json:"node"`
	Drops     int64   `json:"drops"`
	Connects  int64   `json:"connects"`
	LastEvent Instant `json:"last_event"`
}

// Align extends a span to whole steps, by moving from down and to up. The step must divide a day.
func Align(from, to time.Time, step time.Duration) (time.Time, time.Time) {
	up := to.UTC().Truncate(step)
	if up.Before(to) {
		up = up.Add(step)
	}
	return from.UTC().Truncate(step), up
}

// NewView returns the view of the span from from to to, extended by Align. It ignores cells outside
// the span. If sums.Totals is set, it must be about the whole span.
func NewView(sums *summary.Sums, from, to time.Time, step time.Duration) View {
	from, to = Align(from, to, step)
	v := View{from: summary.MinuteOf(from.UnixMilli()), to: summary.MinuteOf(to.UnixMilli())}
	cells := within(sums.Cells, v.from, v.to)
	t := tallyOf(cells)
	v.Reasons, v.Nodes = t.reasonList(), t.nodeList()
	v.Totals = Totals{Counts: t.counts, Disconnects: t.counts.Ends - t.counts.Drops}
	v.Steps = stepsOf(cells, v, summary.Minute(step/time.Minute))
	v.addDevices(sums.Totals)
	return v
}

// addDevices adds the numbers of devices. It does nothing if totals is nil.
func (v *View) addDevices(totals *summary.Totals) {
	if totals == nil {
		return
	}
	v.Totals.Devices, v.Totals.Dropped, v.Down = &totals.Devices, &totals.Dropped, &totals.Offline
	v.Flapping = []Flapping{}
	for i := range totals.Most {
		d := &totals.Most[i]
		v.Flapping = append(v.Flapping, Flapping{d.ClientID, d.Username.Text, d.Node.Text, d.Drops, d.Connects, Instant(d.Last)})
	}
}

// within returns the cells of the minutes from from to to (exclusive). The given cells must be
// sorted.
func within(cells []summary.Cell, from, to summary.Minute) []summary.Cell {
	return cells[searchMinute(cells, from):searchMinute(cells, max(from, to))]
}
