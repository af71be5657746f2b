package diagnose_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/diagnose"
	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
	"devicetrace/pkg/history/historytest"
)

// FuzzDiagnose derives a list of events from arbitrary bytes. The report on these events must pass
// the checks of sound, and must be the same if the events are read newest first.
func FuzzDiagnose(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("connect, then its end, without a channel, and so on"))
	f.Add([]byte{0, 10, 0, 0, 1, 10, 3, 0, 0, 10, 0, 0, 1, 20, 3, 0, 2, 20, 1, 0, 1, 21, 255, 255})
	f.Fuzz(func(t *testing.T, raw []byte) {
		events := eventsOf(raw)
		span := history.Span{From: day.Add(20 * time.Second), To: day.Add(10 * time.Minute)}
		before := history.StatusAt(logOf(events), span.From.Add(-time.Millisecond))
		got := report(events, span, before, diagnose.English)
		sound(t, got, span)

		again := diagnose.Diagnose(history.Of(historytest.NewestFirst(events), span, before), diagnose.English)
		require.Equal(t, asJSON(t, got), asJSON(t, again))

		direct := history.StatusAt(logOf(events), span.To)
		require.Equal(t, direct.State == history.Unknown, direct.Connection == nil)
	})
}

// eventsOf derives one event from every four bytes. The first byte determines the action and the
// action info. The second byte determines the time. The third byte determines the details that
// identify the connection. The fourth byte determines all other details.
func eventsOf(raw []byte) []event.Event {
	actions := []event.Action{event.Connect, event.Close, event.Disconnect, event.Close, "other"}
	infos := append(slices.Clone(event.ActionInfos()), "", "other")
	natives := []string{"", "close", "client.connack", "client.disconnected", "tcpclean", "disconnected", "on_client_gone"}
	sources := []string{"", broker.EMQX, broker.Mosquitto, broker.NanoMQ}
	var events []event.Event
	for ; len(raw) >= 4; raw = raw[4:] {
		what, at, channel, details := int(raw[0]), raw[1], raw[2], raw[3]
		e := event.Event{
			InstanceID: "i", ClientID: "c", Time: day.Add(time.Duration(at) * 2500 * time.Millisecond),
			Action: actions[what%len(actions)], ActionInfo: infos[what/len(actions)%len(infos)],
			NativeEvent: natives[int(details)%len(natives)], Source: sources[int(details)/len(natives)%len(sources)],
		}
		e.ReceivedAt = e.Time
		if e.Action == event.Connect && channel < 200 {
			e.ActionInfo = event.Accepted
		}
		switch channel % 4 {
		case 0:
			e.ChannelID = string(rune('a' + channel/4%4))
		case 1:
			e.ConnectedAt = day.Add(time.Duration(channel) * 5 * time.Second)
		case 2:
			e.PeerAddress, e.PeerPort = "192.0.2."+string(rune('1'+channel/4%3)), int32(channel/16)
		}
		if details%2 == 0 {
			e.KeepAlive, e.Node = event.Some(time.Duration(details)*time.Second), string(rune('m'+details%3))
		}
		events = append(events, e)
	}
	return events
}
