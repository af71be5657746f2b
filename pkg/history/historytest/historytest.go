// Package historytest supports tests of histories and verdicts. It provides functions that
// create events. InAnyOrder runs a test with the events in different orders and with repeated
// deliveries. Check verifies what must hold for every history.
package historytest

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
)

// Day is the start of a UTC day. WholeDay is the span from the first to the last millisecond of
// that day.
var (
	Day      = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	WholeDay = history.Span{From: Day, To: Day.Add(24*time.Hour - time.Millisecond)}
)

// Clock parses a time of day, such as "08:00:00" or "08:00:00.250", and returns that time on
// Day.
func Clock(text string) time.Time {
	t, err := time.Parse("15:04:05", text)
	if err != nil {
		panic(err)
	}
	return Day.Add(t.Sub(t.Truncate(24 * time.Hour)))
}

// Option sets a further field of an event.
type Option func(*event.Event)

// Row returns an event at the given time on Day. Its TimeOrigin is event.FromBroker.
func Row(at string, action event.Action, info event.ActionInfo, more []Option) event.Event {
	e := event.Event{
		InstanceID: "i", ClientID: "GID_a@@@dev", Action: action, ActionInfo: info, NativeEvent: string(action),
		Time: Clock(at), TimeOrigin: event.FromBroker, ReceivedAt: Clock(at).Add(18 * time.Millisecond),
	}
	for _, w := range more {
		w(&e)
	}
	return e
}

// Connect returns an event that reports an accepted CONNECT.
func Connect(at string, more ...Option) event.Event {
	return Row(at, event.Connect, event.Accepted, more)
}

// Closed returns an event with the action close. Such an event reports either the end of a
// connection or a refusal.
func Closed(at string, info event.ActionInfo, more ...Option) event.Event {
	return Row(at, event.Close, info, more)
}

// Disconnect returns an event that reports a DISCONNECT, with which the client ended a connection.
func Disconnect(at string, more ...Option) event.Event {
	return Row(at, event.Disconnect, event.DisconnectedByClient, more)
}

func Channel(id string) Option     { return func(e *event.Event) { e.ChannelID = id } }
func Node(name string) Option      { return func(e *event.Event) { e.Node = name } }
func Native(word string) Option    { return func(e *event.Event) { e.NativeEvent = word } }
func Reason(word string) Option    { return func(e *event.Event) { e.NativeReason = word } }
func Source(name string) Option    { return func(e *event.Event) { e.Source = name } }
func ConnectedAt(at string) Option { return func(e *event.Event) { e.ConnectedAt = Clock(at) } }
func User(name string) Option      { return func(e *event.Event) { e.Username = name } }

// From sets the client's address and port.
func From(address string, port int32) Option {
	return func(e *event.Event) { e.PeerAddress, e.PeerPort = address, port }
}

// KeepAlive sets the keep alive in seconds.
func KeepAlive(seconds int32) Option {
	return func(e *event.Event) { e.KeepAlive = event.Some(time.Duration(seconds) * time.Second) }
}

// InAnyOrder calls do with the given events. It then calls do 20 times with the events in
// random order and some of them duplicated.
func InAnyOrder(t *testing.T, events []event.Event, do func(t require.TestingT, events []event.Event)) {
	t.Helper()
	do(t, events)
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		shuffled := slices.Clone(events)
		for i := range events {
			if again := events[i]; random.IntN(3) == 0 {
				again.ReceivedAt = again.ReceivedAt.Add(time.Second)
				shuffled = append(shuffled, again)
			}
		}
		random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		do(t, shuffled)
	}
}

// Short formats an instant as a time of day, preceded by the day of the month if the instant is
// not on Day. It returns "?" for an unknown instant.
func Short(i history.Instant) string {
	switch {
	case i.IsZero():
		return "?"
	case i.Truncate(24 * time.Hour).Equal(Day):
		return i.Format("15:04:05.999")
	default:
		return i.Format("02 15:04:05.999")
	}
}
