package history

import (
	"encoding/json"
	"time"

	"devicetrace/pkg/event"
)

// KeepAlive is the longest silence that the client announced in its CONNECT. A KeepAlive is unknown
// if no event reports it. A known zero means that the client asked for no keep alive. In JSON, a
// KeepAlive is a whole number of seconds, or null if unknown.
type KeepAlive event.Optional[time.Duration]

func (k KeepAlive) MarshalJSON() ([]byte, error) {
	return json.Marshal(event.Seconds(event.Optional[time.Duration](k)).Pointer())
}
