package history_test

import (
	"encoding/json"
	"fmt"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
	"devicetrace/pkg/history/historytest"
)

var (
	day, wholeDay = historytest.Day, historytest.WholeDay

	clock, short, lossy = historytest.Clock, historytest.Short, historytest.Lossy
	logOf, bothWays     = historytest.Log, historytest.BothWays

	row, connect, closed, disconnect = historytest.Row, historytest.Connect, historytest.Closed, historytest.Disconnect

	channel, connectedAt, from, node = historytest.Channel, historytest.ConnectedAt, historytest.From, historytest.Node
	keepAlive, user, source          = historytest.KeepAlive, historytest.User, historytest.Source
	native, reason                   = historytest.Native, historytest.Reason
)

// ofDay returns the history of wholeDay. It assumes that nothing is known about earlier days.
func ofDay(events []event.Event) history.History { return ofDayLog(logOf(events)) }

func ofDayLog(events *history.Log) history.History {
	return history.Of(events, wholeDay, history.Status{})
}

// lines returns one line for each connection and each refusal.
func lines(h history.History) []string {
	found := []string{}
	for _, c := range h.Connections {
		found = append(found, fmt.Sprintf("%s..%s %s %s", short(c.Start), short(c.End), c.EndIs, c.Kind))
	}
	for _, d := range h.Refusals {
		found = append(found, fmt.Sprintf("refused %s %s", short(d.Time), d.ActionInfo))
	}
	return found
}

func asJSON(t require.TestingT, v any) string {
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return string(text)
}
