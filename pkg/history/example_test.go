package history_test

import (
	"fmt"
	"time"

	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
)

// A broker reports two connections of a device. The device ends the first one with a
// DISCONNECT and goes silent during the second one.
func ExampleOf() {
	at := func(hour, minute int) time.Time { return time.Date(2026, 11, 22, hour, minute, 0, 0, time.UTC) }
	var log history.Log
	for _, e := range []event.Event{
		{Time: at(8, 0), ChannelID: "a", Action: event.Connect, ActionInfo: event.Accepted},
		{Time: at(9, 30), ChannelID: "a", Action: event.Disconnect, ActionInfo: event.DisconnectedByClient},
		{Time: at(10, 0), ChannelID: "b", Action: event.Connect, ActionInfo: event.Accepted},
		{Time: at(11, 15), ChannelID: "b", Action: event.Close, ActionInfo: event.NoHeart},
	} {
		log.Add(&e)
	}
	morning := history.Span{From: at(6, 0), To: at(12, 0)}
	before := history.Status{} // nothing is known about the time before the span

	h := history.Of(&log, morning, before)

	fmt.Println(h.Status.State, "since", h.Status.Since.Time().Format(time.TimeOnly))
	for _, c := range h.Connections {
		lasted, _ := c.Lasted()
		fmt.Println(c.ChannelID, "lasted", lasted, "and ended as", c.Kind)
	}
	for _, s := range h.Timeline {
		fmt.Println(s.From.Time().Format("15:04"), s.To.Time().Format("15:04"), s.State)
	}
	// Output:
	// offline since 11:15:00
	// a lasted 1h30m0s and ended as disconnected
	// b lasted 1h15m0s and ended as no-heart
	// 06:00 08:00 unknown
	// 08:00 09:30 online
	// 09:30 10:00 offline
	// 10:00 11:15 online
	// 11:15 12:00 offline
}
