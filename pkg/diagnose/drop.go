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
}

// dropOf returns the drop of a connection, or nil if there is no connection.
func dropOf(c *history.Connection) *Drop {
	if c == nil {
		return nil
	}
	return &Drop{Time: c.End, Kind: c.Kind, Action: c.Action, ActionInfo: c.ActionInfo, NativeReason: c.NativeReason}
}
