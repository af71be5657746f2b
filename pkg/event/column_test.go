package event_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
)

// full returns an event with every field set.
func full() event.Event {
	at := time.UnixMilli(1764000000120).UTC()
	return event.Event{
		InstanceID: "prod", ClientID: "c", ChannelID: "ch", Action: event.Close, ActionInfo: event.NoHeart,
		Time: at, TimeOrigin: event.FromBroker, ReceivedAt: at.Add(time.Second), Source: "events", SourceEventID: "id",
		NativeEvent: "gone", NativeReason: "silent", ReasonCode: event.Some[int32](141),
		PeerAddress: "192.0.2.7", PeerPort: 52341, Username: "u", Node: "n", Protocol: "MQTT", ProtocolVersion: 5,
		KeepAlive: event.Some(time.Minute), CleanStart: event.Some(true), ConnectedAt: at.Add(-time.Hour),
	}
}

// cleared returns the same event as full, but with one field cleared. field is the index of that
// field in the struct.
func cleared(field int) event.Event {
	e := full()
	reflect.ValueOf(&e).Elem().Field(field).SetZero()
	return e
}

// Each field of Event belongs to exactly one column: clearing a field changes the value of one
// column, and Compare reports a difference.
func TestColumnsCoverTheEvent(t *testing.T) {
	columns := event.Columns()
	require.Len(t, columns, reflect.TypeFor[event.Event]().NumField())
	for i := range columns {
		e, f := full(), cleared(i)
		differing := 0
		for _, c := range columns {
			if c.Value(&e) != c.Value(&f) {
				differing++
			}
		}
		require.Equal(t, 1, differing, reflect.TypeFor[event.Event]().Field(i).Name)
		require.NotZero(t, event.Compare(&e, &f))
		require.Equal(t, event.Compare(&e, &f), -event.Compare(&f, &e))
	}
	e := full()
	require.Zero(t, event.Compare(&e, &e))
}

// The received time and our reading of an event (action and action_info) are not part of the
// event's identity.
func TestIdentity(t *testing.T) {
	identity := map[string]bool{
		"InstanceID": true, "ClientID": true, "Time": true, "ChannelID": true, "SourceEventID": true,
		"NativeEvent": true, "NativeReason": true, "PeerAddress": true, "PeerPort": true, "Node": true, "ConnectedAt": true,
	}
	for i := range reflect.TypeFor[event.Event]().NumField() {
		name := reflect.TypeFor[event.Event]().Field(i).Name
		e, f := full(), cleared(i)
		require.Equal(t, identity[name], event.CompareIdentity(&e, &f) != 0, name)
	}
	ranks := map[int]string{}
	for _, c := range event.Columns() {
		if c.Identity > 0 {
			require.Empty(t, ranks[c.Identity], c.Name)
			ranks[c.Identity] = c.Name
		}
	}
	require.Len(t, ranks, len(identity))
	require.NotEmpty(t, ranks[len(identity)], "ranks have no gaps")
}

// Events are ordered by the identity columns in the order of their ranks, then by the time of
// receipt, then by all other columns. In each column, an unknown value sorts before a known one.
func TestOrder(t *testing.T) {
	at := time.UnixMilli(1764000000120)
	identity := event.Event{ClientID: "b", InstanceID: "j", Time: at, SourceEventID: "2"}
	with := func(change func(e *event.Event)) event.Event {
		e := identity
		change(&e)
		return e
	}
	ordered := []event.Event{
		{ClientID: "a", InstanceID: "j", Time: at.Add(1)},
		{ClientID: "b", InstanceID: "i", Time: at.Add(1), SourceEventID: "2"},
		{ClientID: "b", InstanceID: "j", Time: at, SourceEventID: "1", ReceivedAt: at.Add(2)},
		with(func(e *event.Event) { e.KeepAlive = event.Some(time.Second) }),
		with(func(e *event.Event) { e.ReceivedAt = at }),
		with(func(e *event.Event) { e.ReceivedAt, e.CleanStart = at, event.Some(false) }),
		with(func(e *event.Event) { e.ReceivedAt, e.CleanStart = at, event.Some(true) }),
		with(func(e *event.Event) { e.ReceivedAt, e.KeepAlive = at, event.Some(time.Duration(0)) }),
		with(func(e *event.Event) { e.ReceivedAt, e.KeepAlive = at, event.Some(time.Second) }),
	}
	for i := range ordered[1:] {
		require.Negative(t, event.Compare(&ordered[i], &ordered[i+1]), i)
	}
}

func TestUnknownValues(t *testing.T) {
	var e event.Event
	for _, c := range event.Columns() {
		switch c.Name {
		case "time", "reason_code", "connected_at", "received_at", "keep_alive", "clean_start":
			require.Nil(t, c.Value(&e), c.Name)
		case "peer_port", "protocol_version":
			require.Equal(t, int32(0), c.Value(&e), c.Name)
		default:
			require.Equal(t, "", c.Value(&e), c.Name)
		}
	}
}

func TestSizeCountsTexts(t *testing.T) {
	e := event.Event{}
	empty := event.Size(&e)
	require.EqualValues(t, reflect.TypeFor[event.Event]().Size(), empty)
	e.ClientID, e.NativeReason = "0123456789", "01234"
	require.Equal(t, empty+15, event.Size(&e))
}
