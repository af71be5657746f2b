package broker_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
)

// Mosquitto 1 truncates a message to a length that depends on its format.
func TestMosquittoOldTruncation(t *testing.T) {
	const cut = "as long as the longest that Mosquitto writes"
	for _, c := range []struct{ format, line, end string }{
		{"Client %s disconnected.", "Client victim disconnected: ", "."},
		{"Client %s has exceeded timeout, disconnecting.", "Client victim disconnected due to ", "."},
		{"Client %s already connected, closing old connection.", "Client ", " disconnected."},
		{"New client connected from %s as %s (c%d, k%d, u'%s').", "New client connected from 192.0.2.7 as victim (c1, k60, u'", "')."},
		{"New client connected from %s as %s (p%d, c%d, k%d, u'%s').", "New client connected from 192.0.2.7 as victim (p2, c1, k60, u'", "')."},
		{"New bridge connected from %s as %s (p%d, c%d, k%d).", "New bridge connected from 192.0.2.7 as ", " (p2, c1, k60)."},
		{"Socket error on client %s, disconnecting.", "Socket error on client ", ", disconnecting."},
		{"%s %s", "Client ", " disconnected."},
		{"%s %s", "mosquitto version ", " terminating"},
		{"%s %d %s", "New client connected from 192.0.2.7 as victim (c1, k60, u'", "')."},
	} {
		for _, own := range []string{"", "1795339800: ", "mosquitto-1  | 1795339800: "} {
			for _, difference := range []int{-100, 0, 100} {
				length := len(c.format) + 499 + difference
				got := decode(t, "mosquitto", own+connected("x", 1)+"\n"+own+c.line+strings.Repeat("x", length-len(c.line)-len(c.end))+c.end)
				if difference != 0 {
					require.Len(t, got.Events, 2, "%s at %+d", c.format, difference)
					continue
				}
				require.Len(t, got.Events, 1, c.format)
				require.Contains(t, got.Rejected[0].Error, cut)
			}
		}
	}
	require.Len(t, decode(t, "mosquitto", "Bad socket read/write on client "+strings.Repeat("x", 500)+": Unknown error.").Events, 1, "only in 2.0")
}

// Mosquitto 2 does not truncate a message to the lengths of Mosquitto 1.
func TestMosquittoOldTruncationDependsOnTheVersion(t *testing.T) {
	const end = " disconnected."
	for version, want := range map[string]int{"1.6.15": 0, "2.0.0": 1, "2.1.2": 1, "10.0": 1} {
		line := "Client " + strings.Repeat("x", len("%s %s")+499-len("Client ")-len(end)) + end
		body := stamped("mosquitto version "+version+" running", line)
		require.Len(t, decode(t, "mosquitto", body).Events, want, version)

		var tracker broker.MosquittoTracker
		tracker.Line([]byte("mosquitto version " + version + " running"))
		tracker.Line([]byte(connected(strings.TrimSuffix(line[len("Client "):], end), 1)))
		tracker.Line([]byte(line))
		require.Len(t, tracker.Open(), 1-want, version)
	}
}
