package history

import (
	"encoding/json"
	"time"

	"devicetrace/pkg/event"
)

// Optional is a value that a source might not have sent. In JSON, an unknown value is null.
type Optional[T any] event.Optional[T]

func (o Optional[T]) MarshalJSON() ([]byte, error) {
	return json.Marshal(event.Optional[T](o).Pointer())
}

// KeepAlive is the longest silence that the client announced in its CONNECT. A KeepAlive is unknown
// if no event reports it. A known zero means that the client asked for no keep alive. In JSON, a
// KeepAlive is a whole number of seconds, or null if unknown.
type KeepAlive event.Optional[time.Duration]

func (k KeepAlive) MarshalJSON() ([]byte, error) {
	return json.Marshal(event.Seconds(event.Optional[time.Duration](k)).Pointer())
}
