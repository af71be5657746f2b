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

	reason endReason
}

// dropOf returns the drop of a connection, or nil if there is no connection.
func dropOf(c *history.Connection) *Drop {
	if c == nil {
		return nil
	}
	return &Drop{
		Time: c.End, Kind: c.Kind, Action: c.Action, ActionInfo: c.ActionInfo, NativeReason: c.NativeReason,
		reason: endReason{c},
	}
}

// endReason is a value that states why a connection ended.
type endReason struct{ connection *history.Connection }

func (r endReason) in(lang Lang) string {
	return endings{r.connection}.wordOf(r.connection.Kind, lang)
}

// lastDrop returns the newest drop in the report's span or on the given days, or nil. The days must
// be sorted. lastDrop ignores drops after the span.
func (r *Report) lastDrop(days []Day, lang Lang) *Drop {
	last := dropOf(history.LastDrop(r.Connections))
	for _, d := range days {
		if drop := d.LastDrop; drop != nil && drop.Time <= history.At(r.Span.To) && (last == nil || drop.Time > last.Time) {
			last = drop
		}
	}
	if last == nil {
		return nil
	}
	drop := *last
	drop.Text = sentence{droppedLast, values{"time": moment(drop.Time), "reason": drop.reason}}.in(lang)
	return &drop
}
