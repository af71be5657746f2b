package brokerlog

import (
	"time"

	"devicetrace/pkg/event"
)

// row is an event in the project's own form.
type row struct {
	ClientID      string           `json:"client_id"`
	Action        event.Action     `json:"action"`
	ActionInfo    event.ActionInfo `json:"action_info,omitempty"`
	Time          string           `json:"time,omitempty"`
	SourceEventID string           `json:"source_event_id"`
	NativeEvent   string           `json:"native_event"`
	NativeReason  string           `json:"native_reason,omitempty"`
	ChannelID     string           `json:"channel_id,omitempty"`
	PeerAddress   string           `json:"peer_address,omitempty"`
	PeerPort      int              `json:"peer_port,omitempty"`
	Protocol      string           `json:"protocol,omitempty"`
	ConnectedAt   string           `json:"connected_at,omitempty"`
	Source        string           `json:"source"`
}

// unread is a line that is about a connection but cannot be read. It is sent like an event. Because
// it has no client identifier, the recorder rejects it and keeps it in quarantine.
type unread struct {
	Time          string `json:"time,omitempty"`
	SourceEventID string `json:"source_event_id"`
	NativeEvent   string `json:"native_event"`  // the line
	NativeReason  string `json:"native_reason"` // why it cannot be read
	Source        string `json:"source"`
}

// formatTime returns a time in the project's own form, or "" if it is unknown.
func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
