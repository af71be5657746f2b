package event

import (
	"cmp"
	"slices"
	"time"
	"unsafe"
)

// Column is one field of an event. Parquet, JSON, CSV and the API's description use the column's
// name. There are two exceptions: instead of connected_at and received_at, Parquet stores their
// differences from the event time, as connected_for_ms and received_delay_ms (see FORMAT.md in
// pkg/segment).
type Column struct {
	Name string
	// Identity is the column's rank among the identity columns, counted from 1. It is 0 if the
	// column is not an identity column. Two rows report the same event if all their identity
	// columns are equal, even if other columns differ, such as received_at, action or action_info.
	Identity int
	// Value returns the field as a string, int32, bool or time.Time. An unknown time or Optional is
	// nil. Any other unknown field is "" or 0. For channel_id, Value returns a derived channel if
	// the source sent none.
	Value func(e *Event) any

	compare func(a, b *Event) int
	size    func(e *Event) int // how many bytes the field occupies outside the struct Event
}

// columns defines the fields of an event. All listings of the fields use this order.
var columns = []Column{
	text("client_id", 1, func(e *Event) ClientID { return e.ClientID }),
	text("instance_id", 2, func(e *Event) InstanceID { return e.InstanceID }),
	instant("time", 3, func(e *Event) time.Time { return e.Time }),
	text("action", 0, func(e *Event) Action { return e.Action }),
	text("action_info", 0, func(e *Event) ActionInfo { return e.ActionInfo }),
	derived(text("channel_id", 7, func(e *Event) string { return e.ChannelID }), (*Event).Channel),
	text("native_event", 5, func(e *Event) string { return e.NativeEvent }),
	text("native_reason", 6, func(e *Event) string { return e.NativeReason }),
	optional("reason_code", func(e *Event) Optional[int32] { return e.ReasonCode }),
	instant("connected_at", 8, func(e *Event) time.Time { return e.ConnectedAt }),
	instant("received_at", 0, func(e *Event) time.Time { return e.ReceivedAt }),
	text("peer_address", 9, func(e *Event) string { return e.PeerAddress }),
	number("peer_port", 10, func(e *Event) int32 { return e.PeerPort }),
	text("username", 0, func(e *Event) string { return e.Username }),
	text("node", 11, func(e *Event) string { return e.Node }),
	text("protocol", 0, func(e *Event) string { return e.Protocol }),
	number("protocol_version", 0, func(e *Event) int32 { return e.ProtocolVersion }),
	optional("keep_alive", func(e *Event) Optional[int32] { return Seconds(e.KeepAlive) }),
	flag("clean_start", func(e *Event) Optional[bool] { return e.CleanStart }),
	text("source", 0, func(e *Event) string { return e.Source }),
	text("source_event_id", 4, func(e *Event) string { return e.SourceEventID }),
	text("time_origin", 0, func(e *Event) TimeOrigin { return e.TimeOrigin }),
}

// identity lists the identity columns in order of rank; see Column.Identity.
var identity = func() []Column {
	ranked := slices.DeleteFunc(slices.Clone(columns), func(c Column) bool { return c.Identity == 0 })
	slices.SortFunc(ranked, func(a, b Column) int { return cmp.Compare(a.Identity, b.Identity) })
	return ranked
}()

// Columns returns the fields of an event. The caller owns the slice.
func Columns() []Column { return slices.Clone(columns) }

// CompareIdentity orders rows by their identity columns. It returns 0 if a and b report the same
// event.
func CompareIdentity(a, b *Event) int { return compareBy(identity, a, b) }

// Compare orders rows by identity, then by ReceivedAt, then by all columns. Among rows of the same
// event, the one received first is the one to keep, and it sorts first. Only identical rows compare
// as equal.
func Compare(a, b *Event) int {
	return cmp.Or(CompareIdentity(a, b), a.ReceivedAt.Compare(b.ReceivedAt), compareBy(columns, a, b))
}

func compareBy(columns []Column, a, b *Event) int {
	for i := range columns {
		if c := columns[i].compare(a, b); c != 0 {
			return c
		}
	}
	return 0
}

// Size returns the approximate memory that an event occupies, in bytes.
func Size(e *Event) int64 {
	size := int64(unsafe.Sizeof(*e))
	for i := range columns {
		size += int64(columns[i].size(e))
	}
	return size
}

func text[T ~string](name string, identity int, get func(*Event) T) Column {
	return Column{
		Name: name, Identity: identity,
		Value:   func(e *Event) any { return string(get(e)) },
		compare: func(a, b *Event) int { return cmp.Compare(get(a), get(b)) },
		size:    func(e *Event) int { return len(get(e)) },
	}
}

// derived returns a copy of column c with another Value function, so that readers see a derived
// value instead of the stored one.
func derived(c Column, value func(*Event) string) Column {
	c.Value = func(e *Event) any { return value(e) }
	return c
}

func number(name string, identity int, get func(*Event) int32) Column {
	return Column{
		Name: name, Identity: identity,
		Value:   func(e *Event) any { return get(e) },
		compare: func(a, b *Event) int { return cmp.Compare(get(a), get(b)) },
		size:    inline,
	}
}

func instant(name string, identity int, get func(*Event) time.Time) Column {
	return Column{
		Name: name, Identity: identity,
		Value: func(e *Event) any {
			if t := get(e); !t.IsZero() {
				return t
			}
			return nil
		},
		compare: func(a, b *Event) int { return get(a).Compare(get(b)) },
		size:    inline,
	}
}

// optional returns the column for an optional number. An unknown number compares as -1 and
// therefore sorts first, because known numbers are never negative.
func optional(name string, get func(*Event) Optional[int32]) Column {
	return Column{
		Name: name,
		Value: func(e *Event) any {
			if o := get(e); o.Known {
				return o.Value
			}
			return nil
		},
		compare: func(a, b *Event) int { return cmp.Compare(get(a).Or(-1), get(b).Or(-1)) },
		size:    inline,
	}
}

func flag(name string, get func(*Event) Optional[bool]) Column {
	c := optional(name, func(e *Event) Optional[int32] { return zeroOrOne(get(e)) })
	c.Value = func(e *Event) any {
		if o := get(e); o.Known {
			return o.Value
		}
		return nil
	}
	return c
}

func zeroOrOne(o Optional[bool]) Optional[int32] {
	n := Optional[int32]{Known: o.Known}
	if o.Value {
		n.Value = 1
	}
	return n
}

// inline is the size function of a field that occupies no bytes outside the struct.
func inline(*Event) int { return 0 }
