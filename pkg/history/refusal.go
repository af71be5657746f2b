package history

import "devicetrace/pkg/event"

// Refusal is a CONNECT that the broker did not accept.
type Refusal struct {
	Time         Instant          `json:"time"`
	Action       event.Action     `json:"action"`
	ActionInfo   event.ActionInfo `json:"action_info"`
	NativeEvent  string           `json:"native_event"`
	NativeReason string           `json:"native_reason"`
	ReasonCode   *int32           `json:"reason_code"`
	PeerAddress  string           `json:"peer_address"`
	PeerPort     int32            `json:"peer_port"`
	Username     string           `json:"username"`
	Node         string           `json:"node"`
	Source       string           `json:"source"`
}

func newRefusal(e *event.Event) Refusal {
	return Refusal{
		Time: Instant{millis(e.Time)}, Action: e.Action, ActionInfo: e.ActionInfo,
		NativeEvent: e.NativeEvent, NativeReason: e.NativeReason, ReasonCode: e.ReasonCode.Pointer(),
		PeerAddress: e.PeerAddress, PeerPort: e.PeerPort, Username: e.Username, Node: e.Node, Source: e.Source,
	}
}
