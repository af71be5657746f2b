// Package broker turns the payloads of brokers into events. A source is one kind of broker and has
// its own file. source.go lists all sources. All functions are pure.
//
// Invariants:
//
//   - A decoder never panics and never guesses. It turns each item of a body into an event or into
//     a Rejected, which says what is wrong. It ignores only items that are never recorded, such as
//     subscriptions.
//   - A bad item does not affect the items around it.
//   - Absent, null, "" and "undefined" all mean that the source gave no value. In the client
//     identifier, however, "undefined" is a valid value, because a client may really have that
//     name.
//   - NativeEvent and NativeReason are the source's own words. Action and ActionInfo are the
//     closest words in the vocabulary of package event.
//   - Texts of any length are accepted. A text that is too long is cut, but only after the decoder
//     has interpreted it; see event.Event.Bound. A client identifier that looks like a cut one is
//     rejected.
//   - Unknown keys are ignored, except in the project's own form, which refuses them. Only the
//     fields of an event are kept, so an event never contains a password or a message payload.
//
// A body is one JSON object, an array of objects, or one object per line (NDJSON). Mosquitto and
// HiveMQ report through their logs, so their bodies are lines of text, or JSON objects that contain
// such lines.
package broker

import (
	"time"

	"devicetrace/pkg/event"
)

// Rejected is an item that could not be understood.
type Rejected struct {
	// Item is the index of the item in the array. If the body consists of lines, Item is the index
	// of the line, not counting blank lines.
	Item int `json:"item"`
	// Field is the key at fault, as the source spells it. It is empty if the item as a
	// whole is at fault.
	Field string `json:"field"`
	// Error says what is wrong with the field and what to send instead.
	Error string `json:"error"`
	// Raw is the item as received. It shares the memory of the body.
	Raw []byte `json:"-"`
	// Items is the number of items that this entry stands for. It is 1, except in the last entry of
	// a very long list.
	Items int `json:"-"`
}

// Batch is the result of decoding one body. A batch with neither events nor rejections means
// that the body contained nothing to record.
type Batch struct {
	Events   []event.Event
	Rejected []Rejected
	// TooMany means that the body holds more than MaxItems items. The batch then has neither events
	// nor rejections.
	TooMany bool
}

// Meta is what the receiver knows about a body.
type Meta struct {
	// InstanceID is the broker instance that sent the body.
	InstanceID event.InstanceID
	// ReceivedAt is the time at which the body arrived, on the receiver's clock.
	ReceivedAt time.Time
	// Now is the time at which the body is decoded. An event is rejected if its time is more than
	// event.MaxAhead later than both Now and ReceivedAt. An event that was too far in the future on
	// arrival can therefore be accepted by a later replay.
	Now time.Time
	// Retention is the maximum age of an event. Older events are rejected. Zero means no limit.
	Retention time.Duration
	// DeliveryID is 8 hex digits that were drawn at random for the delivery of the body. It becomes
	// part of the identifier of every event whose time is the time of receipt. Two such events from
	// different deliveries therefore count as different events, even if they arrive in the same
	// millisecond. Decoding a body again with the same DeliveryID and ReceivedAt results in the
	// same events.
	DeliveryID string
	// Hook is the kind of event that the body reports. It is the value of the header named in
	// Source.HookHeader.
	Hook string
	// Position is where the body begins in the source's log: the log's name and a byte offset, such
	// as "name:1024". The events' identifiers are derived from the position. It is empty if the
	// position is unknown.
	Position string
}

// Decoder reads a body. It is safe for concurrent use and keeps no part of the body
// except in Rejected.Raw.
type Decoder func(body []byte, meta Meta) Batch
