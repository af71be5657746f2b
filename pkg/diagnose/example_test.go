package diagnose_test

import (
	"fmt"
	"time"

	"devicetrace/pkg/diagnose"
	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
)

// A device was connected. Then someone changed its password, and the broker refused its logins.
func ExampleDiagnose() {
	at := func(hour, minute int) time.Time { return time.Date(2026, 11, 22, hour, minute, 0, 0, time.UTC) }
	var log history.Log
	for _, e := range []event.Event{
		{Time: at(8, 0), ChannelID: "a", Action: event.Connect, ActionInfo: event.Accepted},
		{Time: at(14, 40), ChannelID: "a", Action: event.Disconnect, ActionInfo: event.DisconnectedByClient},
		{Time: at(14, 45), Action: event.Close, ActionInfo: event.NotAuthorized},
		{Time: at(14, 46), Action: event.Close, ActionInfo: event.NotAuthorized},
	} {
		log.Add(&e)
	}
	h := history.Of(&log, history.Span{From: at(0, 0), To: at(15, 0)}, history.Status{})

	report := diagnose.Diagnose(h, diagnose.English)

	verdict := report.Verdicts[0] // the most useful one
	fmt.Println(verdict.Code, verdict.Level)
	fmt.Println(verdict.Title)
	for _, e := range verdict.Evidence {
		fmt.Println(e.Time.Time().Format(time.TimeOnly), e.Text)
	}
	// Output:
	// refused-after-success problem
	// Every login refused since 14:45 UTC (it worked before)
	// 08:00:00 This login was accepted.
	// 14:45:00 This login was refused.
	// 14:46:00 This login was refused.
}
