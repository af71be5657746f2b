package mqtt

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"sync/atomic"
	"time"
)

// wireEvent is an event in the project's own form, as the webhook documents it.
type wireEvent struct {
	ClientID        string `json:"client_id"`
	Action          string `json:"action"`
	ActionInfo      string `json:"action_info"`
	Time            int64  `json:"time"`
	ChannelID       string `json:"channel_id"`
	Source          string `json:"source"`
	SourceEventID   string `json:"source_event_id"`
	NativeEvent     string `json:"native_event"`
	NativeReason    string `json:"native_reason,omitempty"`
	ReasonCode      *byte  `json:"reason_code,omitempty"`
	PeerAddress     string `json:"peer_address"`
	PeerPort        int    `json:"peer_port"`
	Username        string `json:"username,omitempty"`
	Node            string `json:"node"`
	Protocol        string `json:"protocol"`
	ProtocolVersion byte   `json:"protocol_version"`
	KeepAlive       uint16 `json:"keep_alive"`
	CleanStart      bool   `json:"clean_start"`
	ConnectedAt     int64  `json:"connected_at,omitempty"`
}

// stamp is when an event happened and what it is called.
type stamp struct {
	at time.Time
	id string
}

// clock makes stamps. Its identifiers differ from those of every other start of
// the broker, and sort by their order within this one.
type clock struct {
	start string
	count atomic.Uint64
}

func newClock() *clock {
	return &clock{start: fmt.Sprintf("%013d-%s", time.Now().UnixMilli(), random(4))}
}

func (c *clock) stamp() *stamp {
	return &stamp{at: time.Now(), id: fmt.Sprintf("%s-%012d", c.start, c.count.Add(1))}
}

// random returns n random bytes as hex digits.
func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}
