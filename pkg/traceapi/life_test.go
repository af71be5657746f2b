package traceapi

import (
	"fmt"
	"math/rand/v2"
	"time"

	"devicetrace/pkg/event"
)

// life generates the events of a device over the 30 days before now. Connections last from a second
// to ten days. Some events are missing, some are doubled, and the times of some are wrong by up to a
// minute.
type life struct {
	random *rand.Rand
	events []event.Event
	// isNamed means that the broker sends channels.
	isNamed bool
}

// lifeOf returns the events of a life, which depend only on the seed.
func lifeOf(seed uint64) []event.Event {
	l := &life{random: rand.New(rand.NewPCG(seed, 14))}
	l.isNamed = l.random.IntN(3) > 0
	pace := l.between(2*time.Hour, 10*24*time.Hour)
	for at := now.AddDate(0, 0, -29); at.Before(now); {
		switch l.random.IntN(6) {
		case 0:
			at = at.Add(l.between(time.Minute, pace)) // silence
		case 1:
			at = l.refuse(at)
		default:
			at = l.connect(at, l.between(time.Second, pace))
		}
	}
	return l.events
}

func (l *life) between(low, high time.Duration) time.Duration {
	return low + time.Duration(l.random.Int64N(int64(high-low)))
}

// refuse adds some refused logins, and returns the time after them.
func (l *life) refuse(at time.Time) time.Time {
	for range 1 + l.random.IntN(8) {
		e := l.event(event.Close, event.NotAuthorized, at)
		e.NativeEvent, e.ChannelID = "client.connack", ""
		l.add(e)
		at = at.Add(l.between(time.Second, time.Minute))
	}
	return at
}

var endings = []event.ActionInfo{
	event.NoHeart, event.ClosedByClient, event.ClientIDConflict, event.DisconnectedByClient, event.SocketIOException, event.Unexplained,
}

// connect adds a connection of the given length, and returns the time after it.
func (l *life) connect(at time.Time, length time.Duration) time.Time {
	e := l.event(event.Connect, event.Accepted, at)
	e.PeerPort = 1024 + l.random.Int32N(3)
	if l.isNamed {
		e.ChannelID = fmt.Sprint("channel", len(l.events))
	}
	end := e
	end.Action, end.ActionInfo, end.NativeEvent = event.Close, endings[l.random.IntN(len(endings))], "close"
	if end.ActionInfo == event.DisconnectedByClient {
		end.Action, end.NativeEvent = event.Disconnect, "disconnect"
	}
	if end.Time = at.Add(length); l.random.IntN(2) == 0 {
		end.ConnectedAt = at.Truncate(time.Millisecond)
	}
	l.add(e)
	l.add(end)
	return end.Time.Add(l.between(0, time.Minute))
}

func (l *life) event(action event.Action, info event.ActionInfo, at time.Time) event.Event {
	return event.Event{
		InstanceID: "i", ClientID: "c", Action: action, ActionInfo: info, Time: at, NativeEvent: string(action),
		TimeOrigin: event.FromBroker, Source: "events", PeerAddress: "192.0.2.1",
	}
}

// add adds an event once or twice, unless the event is lost or its time is after now.
func (l *life) add(e event.Event) {
	if l.random.IntN(20) == 0 {
		e.Time = e.Time.Add(l.between(-time.Minute, time.Minute))
	}
	if e.Time = e.Time.Truncate(time.Millisecond); e.Time.After(now) || l.random.IntN(15) == 0 {
		return
	}
	e.SourceEventID = fmt.Sprint(len(l.events))
	for range 1 + l.random.IntN(11)/10 {
		e.ReceivedAt = e.Time.Add(l.between(0, time.Minute)).Truncate(time.Millisecond)
		l.events = append(l.events, e)
	}
}
