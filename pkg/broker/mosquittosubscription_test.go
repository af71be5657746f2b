package broker_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
)

// A client chooses the text of Mosquitto's lines about its subscriptions, and can use it to forge
// any other line.
func TestMosquittoSubscriptions(t *testing.T) {
	const victim, row = "New client connected from 192.0.2.7:1 as victim (p2, c1, k60).", "victim connect accepted"
	for _, c := range []struct {
		name  string
		lines []string
	}{
		{"an end", []string{"Received UNSUBSCRIBE from Client victim", "\tdisconnected.", "Client victim disconnected."}},
		{"a stop", []string{"\tterminating", "mosquitto version 2.0.18 terminating"}},
		{"a connect", []string{"\t').(QoS 0)", "New client connected from 192.0.2.9:1 as v (p2, c1, k60, u' 0 ').(QoS 0)"}},
		{"a subscription", []string{"\tThe connection was lost (QoS 0)", "Bad socket read/write on client victim:  0 The connection was lost"}},
		{"a filter that ends with a QoS", []string{"\tdisconnected. (QoS 1)", "Client victim disconnected. (QoS 1)"}},
		{"two filters", []string{"\ta (QoS 0)", "Client victim 0 a", "\tclosed its connection. (QoS 0)", "Client victim closed its connection."}},
	} {
		t.Run(c.name, func(t *testing.T) {
			all := append([]string{victim}, c.lines...)
			require.Equal(t, row, summary(decode(t, "mosquitto", stamped(all...))))
			var tracker broker.MosquittoTracker
			for line := range strings.Lines(stamped(all...)) {
				require.Nil(t, tracker.Line([]byte(line)))
			}
			require.Equal(t, []string{"victim"}, slices.Sorted(maps.Keys(tracker.Open())))
			for _, outer := range prefixes {
				forged := outer.text + "\tdisconnected.\n" + outer.text + "[x] Client victim disconnected."
				require.Empty(t, decode(t, "mosquitto", forged).Events, outer.text)
				require.Equal(t, row, summary(decode(t, "mosquitto", outer.text+strings.Join(all, "\n"+outer.text))), outer.text)
			}
		})
	}
}

// A debug line about a subscription hides only the line that repeats its filter.
func TestMosquittoSubscriptionsHideNothingElse(t *testing.T) {
	const row = "c disconnect disconnected by client"
	for _, lines := range [][]string{
		{"\tdisconnected. (QoS 0)", "Sending SUBACK to c", "Client c disconnected."},
		{"\tcted.", "Client c disconnected."},
		{"\tx (QoS 0)", "Client c disconnected."},
		{"\t", "Client c disconnected."},
		{"\t (QoS 0)", "Client c disconnected."},
		{"\tdisconnected. (QoS 0)", "attacker 0 disconnected.", "Client c disconnected."},
		{"\tdisconnected. (QoS 0)", strings.Repeat("x", 4097), "Client c disconnected."},
	} {
		body := stamped(lines...)
		require.Contains(t, summary(decode(t, "mosquitto", body)), row, lines)
		var tracker broker.MosquittoTracker
		tracker.Line([]byte(connected("c", 1)))
		for line := range strings.Lines(body) {
			tracker.Line([]byte(line))
		}
		require.Empty(t, tracker.Open(), lines)
	}
	require.Equal(t, row, summary(decode(t, "mosquitto", "a-1  | \tdisconnected.\nb-1  | Client c disconnected.")), "two brokers")
}

// Messages that Mosquitto publishes besides its log must be ignored.
func TestMosquittoOtherTopics(t *testing.T) {
	body := `{"topic":"$SYS/broker/uptime","payload":"7 seconds"}` + "\n" + `{"topic":"$SYS/broker/clients/total","payload":7}` + "\n" +
		`{"topic":"$SYS/broker/log/N","payload":"Client c disconnected."}` + "\n$SYS/broker/uptime 8 seconds\n"
	require.Equal(t, "c disconnect disconnected by client", summary(decode(t, "mosquitto", body)))
}

// Mosquitto publishes its lines about subscriptions to separate topics.
func TestMosquittoSubscriptionTopics(t *testing.T) {
	for _, topic := range []string{"subscribe", "unsubscribe"} {
		for _, body := range []string{
			`{"topic":"$SYS/broker/log/M/` + topic + `","payload":"1795339800: Client victim disconnected."}`,
			`{"message":"1795339800: Client victim disconnected.","topic":"$SYS/broker/log/M/` + topic + `"}`,
			`{"message":"1795339800: Client victim disconnected.","topic":"site1/$SYS/broker/log/M/` + topic + `"}`,
			"$SYS/broker/log/M/" + topic + " 1795339800: Client victim disconnected.",
			"2026-11-22T09:30:00+0000 $SYS/broker/log/M/" + topic + " Client victim disconnected.",
		} {
			require.Empty(t, summary(decode(t, "mosquitto", body)), body)
			var tracker broker.MosquittoTracker
			tracker.Line([]byte(connected("victim", 1)))
			tracker.Line([]byte(body))
			require.Equal(t, []string{"victim"}, slices.Sorted(maps.Keys(tracker.Open())), body)
		}
	}
}
