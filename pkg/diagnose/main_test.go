package diagnose_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/diagnose"
	"devicetrace/pkg/event"
)

var (
	day      = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	wholeDay = diagnose.Span{From: day, To: day.Add(24*time.Hour - time.Millisecond)}
)

// clock is a time of the day, such as "08:00:00" or "08:00:00.250".
func clock(text string) time.Time {
	t, err := time.Parse("15:04:05", text)
	if err != nil {
		panic(err)
	}
	return day.Add(t.Sub(t.Truncate(24 * time.Hour)))
}

// with is something more that an event tells.
type with func(*event.Event)

func row(at string, action event.Action, info event.ActionInfo, more []with) event.Event {
	e := event.Event{
		InstanceID: "i", ClientID: "GID_a@@@dev", Action: action, ActionInfo: info, NativeEvent: string(action),
		Time: clock(at), TimeOrigin: event.FromBroker, ReceivedAt: clock(at).Add(18 * time.Millisecond),
	}
	for _, w := range more {
		w(&e)
	}
	return e
}

func connect(at string, more ...with) event.Event {
	return row(at, event.Connect, event.Accepted, more)
}

func closed(at string, info event.ActionInfo, more ...with) event.Event {
	return row(at, event.Close, info, more)
}

func disconnect(at string, more ...with) event.Event {
	return row(at, event.Disconnect, event.DisconnectedByClient, more)
}

func channel(id string) with     { return func(e *event.Event) { e.ChannelID = id } }
func node(name string) with      { return func(e *event.Event) { e.Node = name } }
func native(word string) with    { return func(e *event.Event) { e.NativeEvent = word } }
func reason(word string) with    { return func(e *event.Event) { e.NativeReason = word } }
func source(name string) with    { return func(e *event.Event) { e.Source = name } }
func connectedAt(at string) with { return func(e *event.Event) { e.ConnectedAt = clock(at) } }
func keepAlive(s int32) with {
	return func(e *event.Event) { e.KeepAlive = event.Some(time.Duration(s) * time.Second) }
}
func user(name string) with       { return func(e *event.Event) { e.Username = name } }
func from(a string, p int32) with { return func(e *event.Event) { e.PeerAddress, e.PeerPort = a, p } }

// inAnyOrder calls do with the events in some orders, with and without repetitions.
func inAnyOrder(t *testing.T, events []event.Event, do func(t require.TestingT, events []event.Event)) {
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

func diagnosed(events []event.Event) diagnose.Report {
	return diagnose.Diagnose(diagnose.Of(events, wholeDay, diagnose.Status{}), diagnose.English)
}

func short(i diagnose.Instant) string {
	switch {
	case i.IsZero():
		return "?"
	case i.Truncate(24 * time.Hour).Equal(day):
		return i.Format("15:04:05.999")
	default:
		return i.Format("02 15:04:05.999")
	}
}

// lines are connections and refusals, one a line.
func lines(r diagnose.Report) []string {
	found := []string{}
	for _, c := range r.Connections {
		found = append(found, fmt.Sprintf("%s..%s %s %s", short(c.Start), short(c.End), c.EndIs, c.Kind))
	}
	for _, d := range r.Refusals {
		found = append(found, fmt.Sprintf("refused %s %s", short(d.Time), d.ActionInfo))
	}
	return found
}

// codes are what the verdicts say, in order.
func codes(r diagnose.Report) []diagnose.Code {
	found := []diagnose.Code{}
	for _, v := range r.Verdicts {
		found = append(found, v.Code)
	}
	return found
}

func verdict(t require.TestingT, r diagnose.Report, code diagnose.Code) diagnose.Verdict {
	for _, v := range r.Verdicts {
		if v.Code == code {
			return v
		}
	}
	require.Failf(t, "no such verdict", "%s is not in %v", code, codes(r))
	return diagnose.Verdict{}
}
