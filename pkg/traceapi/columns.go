package traceapi

import (
	"time"

	"devicetrace/pkg/event"
)

// column is a field of a row: its name, the same in every format, and its value,
// nil where it is unknown.
type column struct {
	name  string
	value func(e *event.Event) any // string, bool, int32 or nil
}

// columns are the fields in the order that every format has them in.
var columns = []column{
	{"client_id", func(e *event.Event) any { return string(e.ClientID) }},
	{"instance_id", func(e *event.Event) any { return string(e.InstanceID) }},
	{"group_id", func(e *event.Event) any { return e.GroupID() }},
	{"device_id", func(e *event.Event) any { return e.DeviceID() }},
	{"time", func(e *event.Event) any { return timestamp(e.Time) }},
	{"action", func(e *event.Event) any { return string(e.Action) }},
	{"action_info", func(e *event.Event) any { return string(e.ActionInfo) }},
	{"channel_id", func(e *event.Event) any { return e.Channel() }},
	{"native_event", func(e *event.Event) any { return e.NativeEvent }},
	{"native_reason", func(e *event.Event) any { return e.NativeReason }},
	{"reason_code", func(e *event.Event) any { return known(e.ReasonCode) }},
	{"connected_at", func(e *event.Event) any { return timestamp(e.ConnectedAt) }},
	{"received_at", func(e *event.Event) any { return timestamp(e.ReceivedAt) }},
	{"peer_address", func(e *event.Event) any { return e.PeerAddress }},
	{"peer_port", func(e *event.Event) any { return e.PeerPort }},
	{"username", func(e *event.Event) any { return e.Username }},
	{"node", func(e *event.Event) any { return e.Node }},
	{"protocol", func(e *event.Event) any { return e.Protocol }},
	{"protocol_version", func(e *event.Event) any { return e.ProtocolVersion }},
	{"keep_alive", func(e *event.Event) any { return known(event.Seconds(e.KeepAlive)) }},
	{"clean_start", func(e *event.Event) any { return known(e.CleanStart) }},
	{"source", func(e *event.Event) any { return e.Source }},
	{"source_event_id", func(e *event.Event) any { return e.SourceEventID }},
	{"time_origin", func(e *event.Event) any { return string(e.TimeOrigin) }},
}

func known[T any](o event.Optional[T]) any {
	if !o.Known {
		return nil
	}
	return o.Value
}

// timestamp is RFC 3339 in UTC, always with three decimals.
func timestamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return instant(t)
}
