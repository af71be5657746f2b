package history

import (
	"encoding/json"
)

// Refusal is a CONNECT that the broker refused. Its JSON contains only some of the event's fields;
// see MarshalJSON.
type Refusal struct{ *row }

// MarshalJSON encodes the fields that describe a refusal.
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
