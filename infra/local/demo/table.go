package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// descriptions say what a row means, in a few words.
var descriptions = map[string]string{
	"accepted":               "connected",
	"not authorized":         "refused: wrong user name or password",
	"topic auth failed":      "closed: no right to the topic",
	"clientId conflict":      "closed: another client connected with this identifier",
	"no heart":               "closed: silent for longer than its keep alive",
	"closed by client":       "the client closed the socket without DISCONNECT",
	"disconnected by client": "the client sent DISCONNECT",
	"ServerShutdown":         "closed: the broker stopped",
	"invalid param":          "closed: the client broke the protocol",
	"Socket IOException":     "the network connection broke",
}

// printTrace prints an aligned table and its receipt.
func printTrace(w io.Writer, a answer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "  TIME (UTC)\tACTION\tACTION INFO\tDESCRIPTION\tCHANNEL\tNATIVE REASON")
	for _, e := range a.Events {
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\t%.8s\t%s\n", e.Time.UTC().Format("15:04:05.000"),
			e.Action, e.ActionInfo, descriptions[e.ActionInfo], e.ChannelID, oneLine(e.NativeReason))
	}
	_ = t.Flush()
	fmt.Fprintf(w, "  receipt: %d objects, %d requests, %d bytes, %g ms\n", a.Receipt.Objects, a.Receipt.Requests, a.Receipt.Bytes, a.Receipt.Ms)
}

// oneLine keeps a source's words from breaking the table.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
