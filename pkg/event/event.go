// Package event defines the row of a device trace. A row is one thing that a broker reported about
// one client at one moment. The package also defines the vocabulary and the columns of rows, and
// decides when two rows are the same event.
//
// NativeEvent and NativeReason hold the source's own words. Action and ActionInfo hold our
// interpretation of these words. Times are UTC with millisecond precision. The package imports
// nothing but the standard library.
package event

import (
	"strings"
	"time"
)

// ClientID is the client identifier from CONNECT: opaque, case-sensitive UTF-8. In a stored event,
// it has at most MaxClientID bytes; see Stored. If it is empty, the client identifier is unknown.
type ClientID string

// MaxAhead is the maximum time by which a source's clock may be ahead of our clock. Events whose
// times are more than MaxAhead in the future are rejected. A query without an end covers events up
// to MaxAhead after now, so that it also finds events of sources whose clocks are ahead.
const MaxAhead = time.Hour

// Event is one thing that a broker reported about a client. The zero value of a field
// means that the source did not send it.
type Event struct {
	InstanceID InstanceID
	ClientID   ClientID
	// ChannelID is the broker's identifier of the network connection, as sent. If the source sends
	// no identifier, the method Channel derives one.
	ChannelID string

	Action     Action
	ActionInfo ActionInfo

	// Time is when the event happened according to the broker's clock. If TimeOrigin is
	// FromReceiver, Time is when we received the event.
	Time       time.Time
	TimeOrigin TimeOrigin
	// ReceivedAt is when the recorder received the event.
	ReceivedAt time.Time

	// Source is the name of a source in pkg/broker. The name is also the route of the source's
	// webhook. A sender of the project's own event format may give any other name.
	Source string
	// SourceEventID is the source's own identifier of this event, such as a CloudEvents id, a
	// version number or a position in a log. If TimeOrigin is FromReceiver, SourceEventID ends with
	// the delivery's identifier and the event's index in the delivery, so that no two such events
	// are equal.
	SourceEventID string
	// NativeEvent and NativeReason are the source's own words, verbatim.
	NativeEvent  string
	NativeReason string
	// ReasonCode is the MQTT reason or return code of CONNACK or DISCONNECT.
	ReasonCode Optional[int32]

	// PeerAddress is the client's IP address as text, without a port.
	PeerAddress string
	PeerPort    int32
	Username    string
	// Node is the broker node that held the connection.
	Node string
	// Protocol is "MQTT", or the gateway's name for its protocol.
	Protocol string
	// ProtocolVersion is the protocol level: 3 (3.1), 4 (3.1.1), 5 (5.0).
	ProtocolVersion int32
	// KeepAlive is the longest silence that the client announced, in whole seconds. A known
	// 0 means that the client turned the keep alive off. A broker closes the connection
	// after a silence of one and a half times this duration (MQTT 5.0, 3.1.2.10).
	KeepAlive  Optional[time.Duration]
	CleanStart Optional[bool]
	// ConnectedAt is when the broker accepted this connection.
	ConnectedAt time.Time
}

// Optional is a value that a source might not have sent. The zero value is unknown.
type Optional[T any] struct {
	Value T
	Known bool
}

// Some returns a known value.
func Some[T any](v T) Optional[T] { return Optional[T]{Value: v, Known: true} }

// Pointer returns a pointer to a copy of the value, or nil if the value is unknown.
func (o Optional[T]) Pointer() *T {
	if !o.Known {
		return nil
	}
	return &o.Value
}

// Or returns the value if it is known, or fallback otherwise.
func (o Optional[T]) Or(fallback T) T {
	if !o.Known {
		return fallback
	}
	return o.Value
}

// Seconds returns a duration as a whole number of seconds.
func Seconds(o Optional[time.Duration]) Optional[int32] {
	return Optional[int32]{Value: int32(o.Value / time.Second), Known: o.Known}
}

// groupSeparator divides an ApsaraMQ client identifier into group and device.
const groupSeparator = "@@@"

// GroupID returns the part of the client identifier before the first "@@@", or an empty
// string if there is no "@@@".
func (e *Event) GroupID() string {
	group, _ := e.ClientID.Split()
	return group
}

// DeviceID returns the part of the client identifier after the first "@@@", or the whole
// identifier if there is no "@@@".
func (e *Event) DeviceID() string {
	_, device := e.ClientID.Split()
	return device
}

// Split cuts a client identifier at the first "@@@". If there is no "@@@", the group is empty.
func (id ClientID) Split() (group, device string) {
	group, device, found := strings.Cut(string(id), groupSeparator)
	if !found {
		return "", string(id)
	}
	return group, device
}

// JoinClientID joins a group and a device into a client identifier. If the group is empty, the
// identifier is the device alone.
func JoinClientID(group, device string) ClientID {
	if group == "" {
		return ClientID(device)
	}
	return ClientID(group + groupSeparator + device)
}
