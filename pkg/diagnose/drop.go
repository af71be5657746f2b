package diagnose

import (
	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
)

// Drop describes one drop of a device.
type Drop struct {
	Time         history.Instant  `json:"time"`
	Kind         history.Kind     `json:"kind"`
	Action       event.Action     `json:"action"`
	ActionInfo   event.ActionInfo `json:"action_info"`
	NativeReason string           `json:"native_reason"`
	// Text describes the drop in the language of the report. It is empty in a Day.
	Text string `json:"text,omitempty"`

	ended ended
}

// dropOf returns the drop of a connection, or nil if there is no connection.
func dropOf(c *history.Connection) *Drop {
	if c == nil {
		return nil
	}
	copied := *c // so that the Drop does not keep the day's other connections in memory
	return &Drop{
		Time: c.End, Kind: c.Kind, Action: c.Action, ActionInfo: c.ActionInfo, NativeReason: c.NativeReason,
		ended: ended{&copied},
	}
}

// ended is a value that states why a connection ended.
type ended struct{ connection *history.Connection }

func (e ended) in(lang Lang) string {
	return endings{e.connection}.wordOf(e.connection.Kind, lang)
}

// lastDrop returns the newest drop in the report's span or on the given days, or nil. The days must
// be sorted. lastDrop ignores drops after the span.
func (r *Report) lastDrop(days []Day, lang Lang) *Drop {
	last := dropOf(r.newestDrop())
	for _, d := range days {
		if drop := d.LastDrop; drop != nil && drop.Time <= history.At(r.Span.To) && (last == nil || drop.Time > last.Time) {
			last = drop
		}
	}
	if last == nil {
		return nil
	}
	drop := *last
	drop.Text = sentence{droppedLast, values{"time": moment(drop.Time), "reason": drop.ended}}.in(lang)
	return &drop
}

// newestDrop returns the connection of the newest drop in the report's span, or nil.
func (r *Report) newestDrop() *history.Connection {
	var newest *history.Connection
	for _, c := range r.Connections {
		if c.Dropped() && (newest == nil || c.End >= newest.End) {
			newest = c
		}
	}
	return newest
}
