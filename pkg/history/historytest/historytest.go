// Package historytest supports tests of histories and verdicts. It provides functions that
// create events and logs. BothWays runs a test with logs that were filled in ascending and in
// descending order. Check verifies what must hold for every history.
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

// Option sets one or more fields of an event.
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

// Log returns a log of the given events, which need not be sorted. If an event was delivered
// several times, the log contains only the delivery that was received first. A reader of segments
// does the same.
func Log(events []event.Event) *history.Log { return filled(&history.Log{}, Distinct(events)) }

// NewestFirst is like Log, but adds the events in descending order.
func NewestFirst(events []event.Event) *history.Log {
	sorted := Distinct(events)
	slices.Reverse(sorted)
	return filled(&history.Log{NewestFirst: true}, sorted)
}

// Distinct returns pointers to the given events in the order of event.Compare. If an event was
// delivered several times, Distinct returns only the delivery that was received first.
func Distinct(events []event.Event) []*event.Event {
	rows := make([]*event.Event, len(events))
	for i := range events {
		rows[i] = &events[i]
	}
	slices.SortFunc(rows, event.Compare)
	return slices.CompactFunc(rows, func(a, b *event.Event) bool { return event.CompareIdentity(a, b) == 0 })
}

func filled(log *history.Log, events []*event.Event) *history.Log {
	for _, e := range events {
		log.Add(e)
	}
	return log
}

// BothWays calls do with a log that was filled in ascending order, and with one that was filled in
// descending order.
func BothWays(t *testing.T, events []event.Event, do func(t require.TestingT, events *history.Log)) {
	t.Helper()
	do(t, Log(events))
	do(t, NewestFirst(events))
}

// Lossy returns a copy of the events without about one in ten of them, chosen at random.
func Lossy(events []event.Event, seed uint64) []event.Event {
	random := rand.New(rand.NewPCG(seed, 1))
	return slices.DeleteFunc(slices.Clone(events), func(event.Event) bool { return random.IntN(10) == 0 })
}

// Short formats an instant as a time of day, preceded by the day of the month if the instant is
// not on Day. It returns "?" for an unknown instant.
func Short(i history.Instant) string {
	switch {
	case i.IsZero():
		return "?"
	case i.Time().Truncate(24 * time.Hour).Equal(Day):
		return i.Time().Format("15:04:05.999")
	default:
		return i.Time().Format("02 15:04:05.999")
	}
}
