// Package broker turns what brokers send into rows: one file a broker, pure
// functions over bytes.
//
// What always holds:
//
//   - A decoder never panics, whatever the body, and never guesses: an item is a
//     row, or known to make no row, or Rejected with the field that is at fault.
//   - One bad item does not spoil its neighbours.
//   - Absent, null, "" and "undefined" all mean that the source did not tell. A
//     client identifier alone may really be "undefined".
//   - NativeEvent and NativeReason are the source's own words. Where the vocabulary
//     has no exact word the nearest is taken, and those two say what it was.
//   - Unknown keys are ignored, and nothing but the fields of a row is kept: no
//     passwords, no message payloads.
//
// A body is one object, a JSON array of objects, or objects one a line (NDJSON); where
// a broker tells in its log, it is lines of text.
package broker

import (
	"time"

	"devicetrace/pkg/event"
)

// Rejected is an item that could not be understood.
type Rejected struct {
	// Item counts from zero: the place in the array, or the line among those that are not blank.
	Item int `json:"item"`
	// Field is the key at fault, as the source spells it; empty where it is the item itself.
	Field string `json:"field"`
	// Error is a sentence for the sender.
	Error string `json:"error"`
	// Raw is the item as it came. It shares the memory of the body.
	Raw []byte `json:"-"`
}

// Batch is what one body holds. No events and nothing rejected is a good answer:
// the body reported only what makes no row.
type Batch struct {
	Events   []event.Event
	Rejected []Rejected
}

// Meta is what the receiver knows beside the body.
type Meta struct {
	// InstanceID is the broker instance that the body came from.
	InstanceID event.InstanceID
	// ReceivedAt is the time of the receiver's clock. Event times more than an
	// hour after it are rejected.
	ReceivedAt time.Time
	// Retention is how long rows are kept. Older event times are rejected. Zero: no limit.
	Retention time.Duration
	// Hook is the kind of event, where a source tells it beside the body: VerneMQ in
	// the header vernemq-hook.
	Hook string
	// Position is where the body begins in its source, a log's name and the byte in
	// it, "name:1024"; empty where nobody tells. It gives each line an id of its own.
	Position string
}

// Decoder reads a body. It is safe for concurrent use and keeps nothing of the
// body but Rejected.Raw.
type Decoder func(body []byte, meta Meta) Batch

// Lookup returns the decoder of a source.
func Lookup(name string) (Decoder, bool) {
	s, ok := Find(name)
	return s.Decode, ok
}

// Routes returns the names of all sources.
func Routes() []string { return Names() }
