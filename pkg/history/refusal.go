package history

import (
	"encoding/json"
)

// Refusal is a CONNECT that the broker did not accept. It has the fields Time, Action, ActionInfo,
// NativeEvent, NativeReason, ReasonCode, PeerAddress, PeerPort, Username, Node and Source.
type Refusal struct{ *row }

func (r Refusal) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Time Instant `json:"time"`
		words
		PeerAddress string `json:"peer_address"`
		PeerPort    int32  `json:"peer_port"`
		Username    string `json:"username"`
		Node        string `json:"node"`
		Source      string `json:"source"`
	}{r.Time, r.words, r.PeerAddress, r.PeerPort, r.Username, r.Node, r.Source})
}
