package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// descriptions explain each action info in a few words.
var descriptions = map[string]string{
	"accepted":               "connected",
	"not authorized":         "refused: wrong user name or password",
	"topic auth failed":      "closed: the client may not use this topic",
	"clientId conflict":      "closed: another client connected with this identifier",
	"no heart":               "closed: no heartbeat, the client went silent",
	"closed by client":       "the client closed the socket without DISCONNECT",
	"disconnected by client": "the client sent DISCONNECT",
	"ServerShutdown":         "closed: the broker stopped",
	"invalid param":          "closed: the client broke the protocol",
	"Socket IOException":     "the network connection broke",
	"":                       "closed: reason not reported",
}

// printTrace prints the rows of a trace as an aligned table, followed by the receipt.
func printTrace(w io.Writer, got trace) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "  TIME (UTC)\tACTION\tACTION INFO\tDESCRIPTION\tCHANNEL\tNATIVE REASON")
	for _, e := range got.Events {
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\t%.8s\t%s\n", e.Time.UTC().Format("15:04:05.000"),
			e.Action, e.ActionInfo, descriptions[e.ActionInfo], e.ChannelID, oneLine(e.NativeReason))
	}
	_ = t.Flush()
	fmt.Fprintf(w, "  receipt: objects %d, requests %d, bytes %d, %.1f ms\n", got.Receipt.Objects, got.Receipt.Requests, got.Receipt.Bytes, got.Receipt.Ms)
}

// oneLine removes line breaks, which would break the table.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
