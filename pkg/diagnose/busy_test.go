package diagnose_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/diagnose"
	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
	"devicetrace/pkg/history/historytest"
)

// busyDays maps the name of a day to a function that changes event i of that day. Without changes,
// connects and ends alternate. Each day has very many events, and is expensive for a different
// reason.
var busyDays = map[string]func(e *event.Event, i int){
	"flapping": func(e *event.Event, i int) { e.ChannelID = fmt.Sprintf("%032x", i/2) },
	"two devices in conflict": func(e *event.Event, i int) {
		e.PeerAddress = []string{"192.0.2.1", "198.51.100.2"}[i/2%2]
		e.ConnectedAt = e.Time.Add(-time.Duration(i%2) * period)
		if i%2 == 1 {
			e.ActionInfo, e.NativeReason = event.ClientIDConflict, "takenover"
		}
	},
	"takeovers in whole seconds": func(e *event.Event, i int) {
		e.Source, e.Time = broker.Mosquitto, e.Time.Truncate(time.Second)
		if i%2 == 1 {
			e.ActionInfo, e.PeerAddress, e.PeerPort = event.ClientIDConflict, "", 0
		}
	},
	"no channels": func(e *event.Event, i int) {
		e.Source, e.PeerAddress, e.PeerPort = broker.NanoMQ, "", 0
		e.NativeEvent = []string{"client_connack", "client_disconnected"}[i%2]
	},
	"one channel for all":    func(e *event.Event, i int) { e.ChannelID = "1" },
	"ends only":              func(e *event.Event, i int) { refuse(e, i); e.ActionInfo, e.NativeEvent = event.NoHeart, "closed" },
	"refused logins":         func(e *event.Event, i int) { refuse(e, i) },
	"logins perhaps refused": func(e *event.Event, i int) { refuse(e, i); e.NativeEvent = "" },
	"all at one time": func(e *event.Event, i int) {
		e.Time, e.SourceEventID, e.PeerPort = day, strconv.Itoa(i), 0
	},
	"all at one time, with channels": func(e *event.Event, i int) {
		e.Time, e.SourceEventID, e.ChannelID = day, strconv.Itoa(i), fmt.Sprintf("%032x", i/2)
	},
	"a node for each connect": func(e *event.Event, i int) {
		accept(e)
		e.ChannelID, e.Node = strconv.Itoa(i), "node-"+strconv.Itoa(i)
	},
	"a login refused during each connection": func(e *event.Event, i int) {
		switch e.ChannelID = fmt.Sprintf("%032x", i/3); i % 3 {
		case 0:
			accept(e)
		case 1:
			refuse(e, i)
			e.PeerAddress = "198.51.100.2"
		case 2:
			end(e)
		}
	},
}

func accept(e *event.Event) {
	e.Action, e.ActionInfo, e.NativeEvent, e.NativeReason = event.Connect, event.Accepted, "client.connected", ""
}

func end(e *event.Event) {
	e.Action, e.ActionInfo, e.NativeEvent, e.NativeReason = event.Close, event.ClosedByClient, "client.disconnected", "tcp_closed"
}

// refuse turns e into a refused login with a user name that appears in no other event.
func refuse(e *event.Event, i int) {
	e.Action, e.ActionInfo, e.NativeEvent, e.NativeReason = event.Close, event.NotAuthorized, "client.connack", "bad_username_or_password"
	e.Username, e.PeerPort = fmt.Sprintf("user-%d", i), int32(1024+i%60_000)
}

const (
	millis = time.Millisecond
	busy   = 300_000
	period = 24 * time.Hour / busy / millis * millis
)

// busyDay returns a report on n events.
func busyDay(n int, set func(e *event.Event, i int)) diagnose.Report {
	log := &history.Log{}
	e := &event.Event{}
	for i := range n {
		*e = event.Event{
			InstanceID: "i", ClientID: "GID_a@@@device", Source: broker.EMQX, Node: "emqx@192.0.2.8", PeerAddress: "192.0.2.1",
			PeerPort: int32(1024 + i/2%60_000), Username: "user-1", Protocol: "MQTT", ProtocolVersion: 5, KeepAlive: event.Some(time.Minute),
			Time: day.Add(time.Duration(i) * period),
		}
		if i%2 == 0 {
			accept(e)
		} else {
			end(e)
		}
		set(e, i)
		log.Add(e)
	}
	before := history.StatusAt(log, day.Add(-1))
	return diagnose.Diagnose(history.Of(log, wholeDay, before), diagnose.English)
}

func BenchmarkBusyDay(b *testing.B) {
	for _, name := range slices.Sorted(maps.Keys(busyDays)) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				busyDay(busy, busyDays[name])
			}
		})
	}
}

// The time must not grow much faster than the number of events. With four times as many events, a
// quadratic algorithm would take 16 times as long.
func TestBusyDaysTakeLittleTime(t *testing.T) {
	for name, set := range busyDays {
		less, more := historytest.CPUTime(t, func() { busyDay(15_000, set) }), historytest.CPUTime(t, func() { busyDay(60_000, set) })
		require.Less(t, more, 12*less, name)
	}
}
