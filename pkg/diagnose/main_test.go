package diagnose_test

import (
	"encoding/json"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/diagnose"
	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
	"devicetrace/pkg/history/historytest"
)

type with = historytest.Option

var (
	day, wholeDay = historytest.Day, historytest.WholeDay

	clock, short, lossy = historytest.Clock, historytest.Short, historytest.Lossy
	logOf, bothWays     = historytest.Log, historytest.BothWays

	connect, closed, disconnect = historytest.Connect, historytest.Closed, historytest.Disconnect

	channel, from, node, keepAlive = historytest.Channel, historytest.From, historytest.Node, historytest.KeepAlive
	user, source, native, reason   = historytest.User, historytest.Source, historytest.Native, historytest.Reason
)

// diagnosed returns an English report on wholeDay. It assumes that nothing is known about
// earlier days.
func diagnosed(events []event.Event) diagnose.Report {
	return diagnosedLog(logOf(events))
}

// diagnosedLog is like diagnosed, but takes the events from a log.
func diagnosedLog(events *history.Log) diagnose.Report {
	return diagnose.Diagnose(history.Of(events, wholeDay, history.Status{}), diagnose.English)
}

func report(events []event.Event, span history.Span, before history.Status, lang diagnose.Lang) diagnose.Report {
	return diagnose.Diagnose(history.Of(logOf(events), span, before), lang)
}

func asJSON(t require.TestingT, v any) string {
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return string(text)
}

// codes returns the codes of the report's verdicts in order.
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

func version(level int32) with { return func(e *event.Event) { e.ProtocolVersion = level } }

func protocol(name string) with { return func(e *event.Event) { e.Protocol = name } }
