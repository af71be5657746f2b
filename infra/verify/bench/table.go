package main

import (
	"iter"
	"strings"

	"devicetrace/pkg/segment"
)

// column is a column of the table in which other databases store our rows. value points to the
// corresponding field of segment.Row.
type column struct {
	name  string
	value any
}

func columns(r *segment.Row) []column {
	return []column{
		{"client_id", &r.ClientID}, {"time", &r.Time}, {"action", &r.Action}, {"action_info", &r.ActionInfo},
		{"channel_id", &r.ChannelID}, {"native_event", &r.NativeEvent}, {"native_reason", &r.NativeReason}, {"reason_code", &r.ReasonCode},
		{"connected_at", &r.ConnectedAt}, {"received_delay_ms", &r.ReceivedDelay}, {"peer_address", &r.PeerAddress}, {"peer_port", &r.PeerPort},
		{"username", &r.Username}, {"node", &r.Node}, {"protocol", &r.Protocol}, {"protocol_version", &r.ProtocolVersion}, {"keep_alive", &r.KeepAlive},
		{"clean_start", &r.CleanStart}, {"source", &r.Source}, {"source_event_id", &r.SourceEventID}, {"time_origin", &r.TimeOrigin},
	}
}

// values returns pointers to all fields of a row. Callers use the pointers to read or write the
// row.
func values(r *segment.Row) (places []any) {
	for _, c := range columns(r) {
		places = append(places, c.value)
	}
	return places
}

func columnNames() (names []string) {
	for _, c := range columns(&segment.Row{}) {
		names = append(names, c.name)
	}
	return names
}

func createTable() string {
	var list []string
	for _, c := range columns(&segment.Row{}) {
		kind := "text"
		switch c.value.(type) {
		case *int32:
			kind = "integer"
		case *int64:
			kind = "bigint"
		}
		list = append(list, c.name+" "+kind+" NOT NULL")
	}
	return "CREATE TABLE events (" + strings.Join(list, ", ") + ")"
}

const createIndex = "CREATE INDEX events_by_client ON events (client_id, time)"

// dayQuery returns an SQL query for the rows of one device on one day. Its parameters come from
// dayParameters.
func dayQuery() string {
	return "SELECT " + strings.Join(columnNames(), ", ") +
		" FROM events WHERE client_id = $1 AND time BETWEEN $2 AND $3 ORDER BY time"
}

func dayParameters(d device) []any {
	q := dayOf(d)
	return []any{string(d.client), q.From.UnixMilli(), q.To.UnixMilli()}
}

// cursor is the result of a query. The result types of all drivers implement it.
type cursor interface {
	Next() bool
	Scan(to ...any) error
	Err() error
}

// scan yields the rows of a query's result.
func scan(result cursor) iter.Seq2[segment.Row, error] {
	return func(yield func(segment.Row, error) bool) {
		for result.Next() {
			var r segment.Row
			if err := result.Scan(values(&r)...); !yield(r, err) || err != nil {
				return
			}
		}
		if err := result.Err(); err != nil {
			yield(segment.Row{}, err)
		}
	}
}

func collect(rows iter.Seq2[segment.Row, error]) (all []segment.Row, err error) {
	for r, err := range rows {
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}
