package brokerlog

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/operate/forwarder/follow"
	"devicetrace/pkg/event"
)

func mosquittoConnect(id string) string {
	return "1795917600: New client connected from 192.0.2.7:50001 as " + id + " (p2, c1, k60)."
}

const (
	mosquittoStops  = "1795917660: mosquitto version 2.0.18 terminating"
	mosquittoStarts = "1795917670: mosquitto version 2.0.18 starting"
)

// distinct sorts events and returns those that the API shows, which are those that differ in their
// identity.
func distinct(events []event.Event) []event.Event {
	slices.SortStableFunc(events, func(a, b event.Event) int { return event.CompareIdentity(&a, &b) })
	return slices.CompactFunc(events, func(a, b event.Event) bool { return event.CompareIdentity(&a, &b) == 0 })
}

// However the log is split into requests, the API must show exactly one end for each client that
// was connected when the broker stopped, even if the log shows only the next start.
func TestMosquittoStops(t *testing.T) {
	for name, end := range map[string]string{"stop": mosquittoStops, "start": mosquittoStarts} {
		t.Run(name, func(t *testing.T) {
			text := lines(mosquittoConnect("a"), mosquittoConnect("b"), "1795917610: Client a disconnected.", mosquittoConnect("c"), end, mosquittoStarts, mosquittoConnect("a"))
			reason := strings.TrimSpace(strings.SplitN(end, ":", 2)[1])
			want := []short{
				{"a", "connect", "accepted", ""}, {"b", "connect", "accepted", ""}, {"a", "disconnect", "disconnected by client", ""},
				{"c", "connect", "accepted", ""}, {"b", "close", "ServerShutdown", reason}, {"c", "close", "ServerShutdown", reason}, {"a", "connect", "accepted", ""},
			}
			for cut := range text {
				if text[cut] != '\n' || cut+1 == len(text) {
					continue
				}
				var reader Reader = newMosquitto()
				got := readAll(t, reader, 0, text[:cut+1])
				rest := readAll(t, restarted(t, Mosquitto, reader), int64(cut)+1, text[cut+1:])
				require.Empty(t, append(got.rejected, rest.rejected...))
				require.ElementsMatch(t, want, shortened(distinct(append(got.events, rest.events...))))
			}
		})
	}
}

// If the lines have no times, the rows must still be in order, and each client must have one row for
// the stop. Each request then has its own time of receipt.
func TestMosquittoStopsWithoutTimes(t *testing.T) {
	bare := func(line string) string { return strings.SplitN(line, ": ", 2)[1] }
	text := lines(bare(mosquittoConnect("a")), bare(mosquittoStops), bare(mosquittoStarts), bare(mosquittoConnect("a")), bare(mosquittoConnect("b")), bare(mosquittoStarts))
	got := readAll(t, newMosquitto(), 0, text)
	stop, start := bare(mosquittoStops), bare(mosquittoStarts)
	require.Equal(t, []short{
		{"a", "connect", "accepted", ""}, {"a", "close", "ServerShutdown", stop}, {"a", "connect", "accepted", ""}, {"b", "connect", "accepted", ""},
		{"a", "close", "ServerShutdown", start}, {"b", "close", "ServerShutdown", start},
	}, shortened(got.events))
	require.Len(t, got.bodies, 5)
	var all []byte
	for _, body := range got.bodies {
		if !body.IsEvents {
			require.Equal(t, int64(len(all)), body.Offset)
			all = append(all, body.Lines...)
		}
	}
	require.Equal(t, string(text), string(all))
}

// After a restart, a stranger's refused login must not remove a client that is connected.
func TestMosquittoRemembersAddresses(t *testing.T) {
	var reader Reader = newMosquitto()
	readAll(t, reader, 0, lines(mosquittoConnect("a")))
	reader = restarted(t, Mosquitto, reader)
	got := readAll(t, reader, 100, lines("1795917610: Client a [198.51.100.9:6000] disconnected: not authorised.", mosquittoStops))
	require.Contains(t, shortened(got.events), short{"a", "close", "ServerShutdown", "mosquitto version 2.0.18 terminating"})
}

// The end events of 100,000 clients must be sent in requests of limited size.
func TestMosquittoStopsWithManyClients(t *testing.T) {
	const n = 100_000
	clients := map[string]string{}
	for i := range n {
		clients[fmt.Sprintf("client-%06d", i)] = ""
	}
	reader := newMosquitto()
	reader.clients.Restore(clients)
	got := readAll(t, restarted(t, Mosquitto, reader), 0, lines(mosquittoStops))
	require.Len(t, got.events, n)
	require.Empty(t, got.rejected)
	for _, body := range got.bodies {
		require.LessOrEqual(t, len(body.Lines), maxBody+1_000)
	}
}

// The event for a stop must have the time of the stop even if the log gives no year.
func TestMosquittoStopsWithoutAYear(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Second)
	var text []string
	for _, line := range []string{mosquittoConnect("a"), mosquittoStops} {
		_, message, _ := strings.Cut(line, ": ")
		text = append(text, now.Format("Jan _2 15:04:05")+" +0000: "+message)
	}
	list, _ := newMosquitto().Read(follow.Chunk{Log: "log", Lines: lines(text...), Full: true})
	var all strings.Builder
	for _, body := range list {
		all.Write(body.Lines)
	}
	require.Contains(t, all.String(), now.Format(`"2006-01-02T15:04:05`))
}

func TestMosquittoSendsItsLines(t *testing.T) {
	chunk := follow.Chunk{Log: "log", Offset: 7, Lines: lines(mosquittoConnect("a"), "anything"), Full: true}
	bodies, read := newMosquitto().Read(chunk)
	require.Equal(t, chunk, read)
	require.Equal(t, []Body{{Log: "log", Offset: 7, Lines: chunk.Lines}}, bodies)
}
