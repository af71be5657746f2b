package segment

import (
	"cmp"
	"encoding/binary"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"devicetrace/pkg/event"
)

// field is a column of the schema, together with the field of a Row that holds the column's
// value. Exactly one of text, long and int is set.
type field struct {
	columnType
	// column is the name of the column in event.Columns, or empty if it equals the name of the
	// Parquet column.
	column string
	text   func(*Row) *string
	long   func(*Row) *int64
	int    func(*Row) *int32
	// beforeTime marks a column that stores an instant relative to the row's time. The column holds
	// the number of milliseconds from the instant to the row's time, or null for an unknown
	// instant. The Row holds the instant itself.
	beforeTime bool
	place      int // the position of the column in the schema
}

// columnType is the name and the physical type of a column in a Parquet file.
type columnType struct {
	name     string
	kind     format.Type // ByteArray, Int64 or Int32
	optional bool        // whether the column may have nulls
}

// matches reports whether the schema element in a file has this name and type.
func (t *columnType) matches(column *format.SchemaElement) bool {
	repetition := format.Required
	if t.optional {
		repetition = format.Optional
	}
	return column.Name == t.name && column.Type.Valid && column.Type.V == t.kind && column.RepetitionType.V == repetition
}

func (f *field) kindOf() format.Type {
	switch {
	case f.text != nil:
		return format.ByteArray
	case f.long != nil:
		return format.Int64
	default:
		return format.Int32
	}
}

// fields lists the columns of the schema. The columns of a row are filled in this order, so the
// time column comes before connected_for_ms, which is stored relative to the time.
var fields = []field{
	{columnType: columnType{name: "client_id"}, text: func(r *Row) *string { return &r.ClientID }},
	{columnType: columnType{name: "time"}, long: func(r *Row) *int64 { return &r.Time }},
	{columnType: columnType{name: "action"}, text: func(r *Row) *string { return &r.Action }},
	{columnType: columnType{name: "action_info"}, text: func(r *Row) *string { return &r.ActionInfo }},
	{columnType: columnType{name: "channel_id"}, text: func(r *Row) *string { return &r.ChannelID }},
	{columnType: columnType{name: "native_event"}, text: func(r *Row) *string { return &r.NativeEvent }},
	{columnType: columnType{name: "native_reason"}, text: func(r *Row) *string { return &r.NativeReason }},
	{columnType: columnType{name: "reason_code"}, int: func(r *Row) *int32 { return &r.ReasonCode }},
	{columnType: columnType{name: "connected_for_ms"}, column: "connected_at", beforeTime: true, long: func(r *Row) *int64 { return &r.ConnectedAt }},
	{columnType: columnType{name: "received_delay_ms"}, column: "received_at", long: func(r *Row) *int64 { return &r.ReceivedDelay }},
	{columnType: columnType{name: "peer_address"}, text: func(r *Row) *string { return &r.PeerAddress }},
	{columnType: columnType{name: "peer_port"}, long: func(r *Row) *int64 { return &r.PeerPort }},
	{columnType: columnType{name: "username"}, text: func(r *Row) *string { return &r.Username }},
	{columnType: columnType{name: "node"}, text: func(r *Row) *string { return &r.Node }},
	{columnType: columnType{name: "protocol"}, text: func(r *Row) *string { return &r.Protocol }},
	{columnType: columnType{name: "protocol_version"}, int: func(r *Row) *int32 { return &r.ProtocolVersion }},
	{columnType: columnType{name: "keep_alive"}, int: func(r *Row) *int32 { return &r.KeepAlive }},
	{columnType: columnType{name: "clean_start"}, int: func(r *Row) *int32 { return &r.CleanStart }},
	{columnType: columnType{name: "source"}, text: func(r *Row) *string { return &r.Source }},
	{columnType: columnType{name: "source_event_id"}, text: func(r *Row) *string { return &r.SourceEventID }},
	{columnType: columnType{name: "time_origin"}, text: func(r *Row) *string { return &r.TimeOrigin }},
}

func init() {
	places := map[string]int{}
	for i, path := range parquet.SchemaOf(stored{}).Columns() {
		places[path[0]] = i
	}
	for i := range fields {
		f := &fields[i]
		f.place, f.kind, f.optional = places[f.name], f.kindOf(), f.beforeTime
	}
}

// identityFields lists the fields that event.Columns marks as part of an event's identity.
var identityFields = func() (found []field) {
	ranks := map[string]int{}
	for _, c := range event.Columns() {
		ranks[c.Name] = c.Identity
	}
	for _, f := range fields {
		if ranks[cmp.Or(f.column, f.name)] > 0 {
			found = append(found, f)
		}
	}
	return found
}()

// appendTo appends the field's value in the row r to b.
func (f *field) appendTo(b []byte, r *Row) []byte {
	switch {
	case f.text != nil:
		return appendString(b, *f.text(r))
	case f.long != nil:
		return binary.LittleEndian.AppendUint64(b, uint64(*f.long(r)))
	default:
		return binary.LittleEndian.AppendUint32(b, uint32(*f.int(r)))
	}
}
