// Package segment reads and writes segments: immutable Parquet objects of events, sorted by client
// identifier. It is the only package that imports the Parquet library. FORMAT.md describes the
// schema and footer field by field.
//
// The rows of a segment are always in the order of Row.Compare. The segment's footer states the
// number of rows and the sum of the rows' hashes. The same rows always encode to the same bytes.
//
// The package trusts nothing that it reads from an object. It checks sizes before it allocates
// memory. If the Parquet library panics, the package reports the object as corrupt.
package segment

import (
	"cmp"
	"encoding/binary"
	"time"

	"github.com/parquet-go/parquet-go/bloom/xxhash"

	"devicetrace/pkg/event"
)

// Row is an event in its stored form. The struct tags give the column names and the encodings, as
// in FORMAT.md.
type Row struct {
	ClientID        string `parquet:"client_id,plain"`
	Time            int64  `parquet:"time,delta,timestamp(millisecond)"`
	Action          string `parquet:"action,dict"`
	ActionInfo      string `parquet:"action_info,dict"`
	ChannelID       string `parquet:"channel_id,plain"`
	NativeEvent     string `parquet:"native_event,dict"`
	NativeReason    string `parquet:"native_reason,dict"`
	ReasonCode      int32  `parquet:"reason_code,plain"`
	ConnectedAt     int64  `parquet:"-"` // Unix ms, 0 if unknown; written as stored.ConnectedFor
	ReceivedDelay   int64  `parquet:"received_delay_ms,plain"`
	PeerAddress     string `parquet:"peer_address,plain"`
	PeerPort        int64  `parquet:"peer_port,plain"`
	Username        string `parquet:"username,plain"`
	Node            string `parquet:"node,dict"`
	Protocol        string `parquet:"protocol,dict"`
	ProtocolVersion int32  `parquet:"protocol_version,dict"`
	KeepAlive       int32  `parquet:"keep_alive,dict"`
	CleanStart      int32  `parquet:"clean_start,dict"`
	Source          string `parquet:"source,dict"`
	SourceEventID   string `parquet:"source_event_id,plain"`
	TimeOrigin      string `parquet:"time_origin,dict"`
}

// stored is a Row in the form that the library writes. ConnectedFor replaces ConnectedAt,
// which would take twice the space. ConnectedFor is nil if ConnectedAt is unknown.
type stored struct {
	Row
	ConnectedFor *int64 `parquet:"connected_for_ms,plain,optional"`
	connectedFor int64  // the target of the pointer ConnectedFor; keeping it here saves an allocation
}

func (s *stored) set(r *Row) {
	s.Row, s.ConnectedFor = *r, nil
	if r.ConnectedAt != 0 {
		s.connectedFor = r.Time - r.ConnectedAt
		s.ConnectedFor = &s.connectedFor
	}
}

// unknown stands for an optional number or flag that the source did not send.
const unknown = -1

// FromEvent returns the row of an event. It truncates times to milliseconds. The row does not
// include the instance, which is part of a segment's key.
func FromEvent(e *event.Event) Row {
	return Row{
		ClientID:        string(e.ClientID),
		Time:            e.Time.UnixMilli(),
		Action:          string(e.Action),
		ActionInfo:      string(e.ActionInfo),
		ChannelID:       e.ChannelID,
		NativeEvent:     e.NativeEvent,
		NativeReason:    e.NativeReason,
		ReasonCode:      e.ReasonCode.Or(unknown),
		ConnectedAt:     millis(e.ConnectedAt),
		ReceivedDelay:   e.ReceivedAt.UnixMilli() - e.Time.UnixMilli(),
		PeerAddress:     e.PeerAddress,
		PeerPort:        int64(e.PeerPort),
		Username:        e.Username,
		Node:            e.Node,
		Protocol:        e.Protocol,
		ProtocolVersion: e.ProtocolVersion,
		KeepAlive:       event.Seconds(e.KeepAlive).Or(unknown),
		CleanStart:      flag(e.CleanStart),
		Source:          e.Source,
		SourceEventID:   e.SourceEventID,
		TimeOrigin:      string(e.TimeOrigin),
	}
}

// Event returns the event that the row stores. instance is the instance in the segment's key.
func (r *Row) Event(instance event.InstanceID) event.Event {
	e := event.Event{
		ClientID:        event.ClientID(r.ClientID),
		InstanceID:      instance,
		Time:            instant(r.Time),
		Action:          event.Action(r.Action),
		ActionInfo:      event.ActionInfo(r.ActionInfo),
		ChannelID:       r.ChannelID,
		NativeEvent:     r.NativeEvent,
		NativeReason:    r.NativeReason,
		ReceivedAt:      instant(r.receivedAt()),
		PeerAddress:     r.PeerAddress,
		PeerPort:        int32(r.PeerPort),
		Username:        r.Username,
		Node:            r.Node,
		Protocol:        r.Protocol,
		ProtocolVersion: r.ProtocolVersion,
		Source:          r.Source,
		SourceEventID:   r.SourceEventID,
		TimeOrigin:      event.TimeOrigin(r.TimeOrigin),
	}
	if r.ReasonCode != unknown {
		e.ReasonCode = event.Some(r.ReasonCode)
	}
	if r.KeepAlive != unknown {
		e.KeepAlive = event.Some(time.Duration(r.KeepAlive) * time.Second)
	}
	if r.CleanStart != unknown {
		e.CleanStart = event.Some(r.CleanStart != 0)
	}
	if r.ConnectedAt != 0 {
		e.ConnectedAt = instant(r.ConnectedAt)
	}
	return e
}

func (r *Row) receivedAt() int64 { return r.Time + r.ReceivedDelay }

func instant(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// flag encodes an optional flag: 1 yes, 0 no, -1 unknown.
func flag(o event.Optional[bool]) int32 {
	switch {
	case !o.Known:
		return unknown
	case o.Value:
		return 1
	default:
		return 0
	}
}

// Compare orders the rows of a segment by these columns, in this order:
//
//   - Client and time, then the other identity columns, so that duplicates are adjacent.
//   - Received time, so that the first of several duplicates is the row to keep.
//   - The remaining columns, so that only equal rows compare equal.
//
// For events of one instance, Compare gives the same order as event.Compare. It names each column,
// because a loop over the columns would be slower, and a merge compares every row several times.
func (r *Row) Compare(o *Row) int {
	if c := r.compareIdentity(o); c != 0 {
		return c
	}
	return cmp.Or(
		cmp.Compare(r.ReceivedDelay, o.ReceivedDelay),
		cmp.Compare(r.Action, o.Action),
		cmp.Compare(r.ActionInfo, o.ActionInfo),
		cmp.Compare(r.ReasonCode, o.ReasonCode),
		cmp.Compare(r.Username, o.Username),
		cmp.Compare(r.Protocol, o.Protocol),
		cmp.Compare(r.ProtocolVersion, o.ProtocolVersion),
		cmp.Compare(r.KeepAlive, o.KeepAlive),
		cmp.Compare(r.CleanStart, o.CleanStart),
		cmp.Compare(r.Source, o.Source),
		cmp.Compare(r.TimeOrigin, o.TimeOrigin),
	)
}

// SameEvent reports whether two rows are deliveries of the same event, that is, whether their
// identity columns are equal.
func (r *Row) SameEvent(o *Row) bool { return r.compareIdentity(o) == 0 }

// compareIdentity orders rows as event.CompareIdentity orders events. It checks the client and the
// time first, because most pairs of rows differ in one of them.
func (r *Row) compareIdentity(o *Row) int {
	if c := cmp.Compare(r.ClientID, o.ClientID); c != 0 {
		return c
	}
	if c := cmp.Compare(r.Time, o.Time); c != 0 {
		return c
	}
	return cmp.Or(
		cmp.Compare(r.SourceEventID, o.SourceEventID),
		cmp.Compare(r.NativeEvent, o.NativeEvent),
		cmp.Compare(r.NativeReason, o.NativeReason),
		cmp.Compare(r.ChannelID, o.ChannelID),
		cmp.Compare(r.ConnectedAt, o.ConnectedAt),
		cmp.Compare(r.PeerAddress, o.PeerAddress),
		cmp.Compare(r.PeerPort, o.PeerPort),
		cmp.Compare(r.Node, o.Node),
	)
}

// Identity returns a hash of the identity columns. All deliveries of an event have the same
// hash.
func (r *Row) Identity() uint64 { return xxhash.Sum64(r.AppendIdentity(nil)) }

// AppendIdentity appends the identity columns to b. Two rows append the same bytes if, and only if,
// they are deliveries of the same event.
func (r *Row) AppendIdentity(b []byte) []byte {
	for i := range identityFields {
		b = identityFields[i].appendTo(b, r)
	}
	return b
}

// appendTo appends the row in the form that the digest hashes. FORMAT.md defines this form.
func (r *Row) appendTo(b []byte) []byte {
	b = appendString(b, r.ClientID)
	b = binary.LittleEndian.AppendUint64(b, uint64(r.Time))
	b = appendString(b, r.Action)
	b = appendString(b, r.ActionInfo)
	b = appendString(b, r.ChannelID)
	b = appendString(b, r.NativeEvent)
	b = appendString(b, r.NativeReason)
	b = binary.LittleEndian.AppendUint32(b, uint32(r.ReasonCode))
	b = binary.LittleEndian.AppendUint64(b, uint64(r.ConnectedAt))
	b = binary.LittleEndian.AppendUint64(b, uint64(r.ReceivedDelay))
	b = appendString(b, r.PeerAddress)
	b = binary.LittleEndian.AppendUint32(b, uint32(r.PeerPort))
	b = appendString(b, r.Username)
	b = appendString(b, r.Node)
	b = appendString(b, r.Protocol)
	b = binary.LittleEndian.AppendUint32(b, uint32(r.ProtocolVersion))
	b = binary.LittleEndian.AppendUint32(b, uint32(r.KeepAlive))
	b = binary.LittleEndian.AppendUint32(b, uint32(r.CleanStart))
	b = appendString(b, r.Source)
	b = appendString(b, r.SourceEventID)
	return appendString(b, r.TimeOrigin)
}

// appendString appends the length of s as a varint and then s itself.
func appendString(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// Digest holds the number of rows and the sum of their hashes modulo 2^64, so it does not depend on
// the order of the rows. The zero value is the digest of an empty set of rows.
type Digest struct {
	Rows    int64
	Sum     uint64
	scratch []byte
}

// Add adds a row to the digest and returns the number of bytes that were hashed.
func (d *Digest) Add(r *Row) int64 {
	d.scratch = r.appendTo(d.scratch[:0])
	d.Rows++
	d.Sum += xxhash.Sum64(d.scratch)
	return int64(len(d.scratch))
}

// Equal reports whether two digests describe the same rows.
func (d *Digest) Equal(o Digest) bool { return d.Rows == o.Rows && d.Sum == o.Sum }
