package history_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
)

// A segment reader reuses its buffers, so a log must copy an event's strings.
func TestLogKeepsNoTextOfTheCaller(t *testing.T) {
	memory := make([]byte, 0, 1000)
	borrowed := func(text string) string {
		start := len(memory)
		memory = append(memory, text...)
		return unsafe.String(&memory[start], len(text))
	}
	texts := func(word func(string) string) []event.Event {
		began := connect("08:00:00", channel(word("a")), from(word("192.0.2.1"), 7), user(word("u1")), node(word("n1")), source(word("events")), native(word("begun")))
		began.Protocol = word("MQTT")
		ended := closed("09:00:00", event.ActionInfo(word("no heart")), channel(word("a")), reason(word("timeout")))
		ended.Action = event.Action(word("close"))
		refused := closed("10:00:00", event.NotAuthorized, native(word("connack")), user(word("u2")))
		return []event.Event{began, ended, refused}
	}
	want := asJSON(t, ofDay(texts(func(text string) string { return text })))
	log := logOf(texts(borrowed))
	clear(memory)
	require.Equal(t, want, asJSON(t, ofDayLog(log)))
}

// A log must keep its rows in order, no matter how many there are.
func TestLogOfManyEvents(t *testing.T) {
	for _, n := range []int{0, 1, 7, 8, 9, 24, 25, 20_000} {
		var events []event.Event
		for i := range n {
			e := connect("00:00:00", channel(fmt.Sprint(i)))
			e.Time = day.Add(time.Duration(i) * time.Second)
			events = append(events, e)
		}
		bothWays(t, events, func(t require.TestingT, log *history.Log) {
			h := ofDayLog(log)
			require.Equal(t, n, h.Events)
			require.Len(t, h.Connections, n)
			for i, c := range h.Connections {
				require.Equal(t, fmt.Sprint(i), c.ChannelID)
			}
		})
	}
}

// Log.Bytes must be close to the memory of a log and its history, because callers rely on it to
// stay within their budget.
func TestLogBytes(t *testing.T) {
	const n = 20_000
	for name, add := range map[string]func(e *event.Event, i int){
		"a channel for each connection": func(e *event.Event, i int) { e.ChannelID = fmt.Sprintf("%032x", i/2) },
		"no channel":                    func(*event.Event, int) {},
		"refusals of random users":      func(e *event.Event, i int) { e.NativeEvent, e.Username = "client.connack", fmt.Sprintf("%0500d", i) },
		"random reasons":                func(e *event.Event, i int) { e.NativeReason = fmt.Sprintf("%0500d", i) },
		"random nodes":                  func(e *event.Event, i int) { e.Node = fmt.Sprintf("%0500d", i) },
		"random addresses and channels": func(e *event.Event, i int) { e.PeerAddress, e.ChannelID = fmt.Sprintf("%040d", i), fmt.Sprint(i) },
	} {
		t.Run(name, func(t *testing.T) {
			before := heap()
			log := &history.Log{}
			for i := range n {
				e := connect("00:00:00")
				if i%2 == 1 {
					e = closed("00:00:00", event.NoHeart)
				}
				e.Time = day.Add(time.Duration(i) * time.Second)
				add(&e, i)
				log.Add(&e)
			}
			h := ofDayLog(log)
			used := heap() - before
			t.Logf("%d B an event, Bytes says %d", used/n, log.Bytes()/n)
			require.InEpsilon(t, used, log.Bytes(), 0.5)
			runtime.KeepAlive(h)
		})
	}
}

// heap returns the memory in use, in bytes.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
