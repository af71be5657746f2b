package forward

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/operate/forwarder/brokerlog"
	"devicetrace/pkg/event"
)

// say appends messages to the log as RabbitMQ writes them.
func (h *harness) say(messages ...string) {
	h.t.Helper()
	var text strings.Builder
	for _, message := range messages {
		h.written++
		stamp := time.Now().Add(time.Duration(h.written) * time.Microsecond).UTC().Format("2006-01-02 15:04:05.000000-07:00")
		fmt.Fprintf(&text, "%s [info] <0.812.0> %s\n", stamp, message)
	}
	h.append(text.String())
}

func accepted(i int) string {
	return fmt.Sprintf("Accepted MQTT connection %s for client ID %s", connectionName(i), client(i))
}

func closing(i int) string {
	return fmt.Sprintf("closing MQTT connection <0.812.0> (%s)", connectionName(i))
}

func connectionName(i int) string {
	return fmt.Sprintf("10.0.%d.%d:50001 -> 192.0.2.9:1883", i/256, i%256)
}

// requireEnds checks that each client from number from to number to has one row for its connect and
// one row, with the given action info, for its end. Both rows must have the same channel.
func (h *harness) requireEnds(from, to int, info event.ActionInfo) {
	h.t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	byClient := map[event.ClientID][]event.Event{}
	for _, e := range h.events {
		byClient[e.ClientID] = append(byClient[e.ClientID], e)
	}
	for i := from; i <= to; i++ {
		rows := byClient[event.ClientID(client(i))]
		require.Len(h.t, rows, 2, client(i))
		require.Equal(h.t, event.Connect, rows[0].Action)
		require.Equal(h.t, info, rows[1].ActionInfo, client(i))
		require.Equal(h.t, rows[0].ChannelID, rows[1].ChannelID)
	}
}

// Restarts, lost responses and rotations must neither lose nor duplicate an end, even if the
// beginning of the connection is in an earlier log.
func TestConnectionsSurviveRestartsAndRotations(t *testing.T) {
	inHarness(t, func(h *harness) {
		h.broker = brokerlog.RabbitMQ
		h.loseResponses = func(n int) bool { return n%4 == 1 }
		const clients = 40
		for i := range clients {
			h.start()
			h.say(accepted(2*i+1), accepted(2*i+2))
			h.pass(time.Duration(i%7) * 300 * time.Millisecond)
			switch i % 5 {
			case 1:
				require.NoError(t, os.Rename(h.log, fmt.Sprintf("%s.%02d", h.log, i)))
			case 3:
				copyTruncate(t, h.log, fmt.Sprintf("%s.%02d", h.log, i))
			}
			if i > 0 {
				h.say(closing(2*i - 1)) // from the previous round
			}
			h.pass(time.Duration(i%3) * 500 * time.Millisecond)
			h.running.stop()
		}
		h.start()
		h.say("RabbitMQ is asked to stop...")
		h.pass(5 * time.Minute)
		for i := 1; i < 2*clients-1; i += 2 {
			h.requireEnds(i, i, event.DisconnectedByClient)
			h.requireEnds(i+1, i+1, event.ServerShutdown)
		}
		h.requireEnds(2*clients-1, 2*clients, event.ServerShutdown)
	})
}

// A crash between sending the events and saving the position must not change the events.
func TestACrashBetweenSendAndSave(t *testing.T) {
	inHarness(t, func(h *harness) {
		h.broker = brokerlog.RabbitMQ
		h.start()
		h.say(accepted(1), accepted(2))
		h.pass(2 * time.Second)
		require.NoError(t, os.Mkdir(h.stateFile+".new", 0o700))
		h.say(closing(1), "RabbitMQ is asked to stop...", accepted(3))
		h.pass(2 * time.Second)
		h.running.stop()
		require.NoError(t, os.Remove(h.stateFile+".new"))
		h.start()
		h.say(closing(3))
		h.pass(2 * time.Second)
		h.requireEnds(1, 1, event.DisconnectedByClient)
		h.requireEnds(2, 2, event.ServerShutdown)
		h.requireEnds(3, 3, event.DisconnectedByClient)
	})
}

// Lines that cannot be read must be kept in quarantine and must not hold up other lines.
func TestUnreadableLines(t *testing.T) {
	inHarness(t, func(h *harness) {
		h.broker = brokerlog.RabbitMQ
		h.start()
		h.say(accepted(1), "MQTT frobnicated connection "+connectionName(1), closing(1))
		h.pass(2 * time.Second)
		h.requireEnds(1, 1, event.DisconnectedByClient)
		require.Equal(t, 2, h.count())
		require.Contains(t, h.requests[1].body, "frobnicated")
		h.pass(time.Hour)
		require.Equal(t, 2, h.count(), "a quarantined line must not be sent again")
	})
}

// Lines that cause no event must not be sent, but the forwarder must move past them.
func TestLinesWithoutEvents(t *testing.T) {
	inHarness(t, func(h *harness) {
		h.broker = brokerlog.RabbitMQ
		h.start()
		for range 1_000 {
			h.say("Running boot step networking defined by app rabbit")
		}
		h.pass(5 * time.Second)
		require.Zero(t, h.count())
		h.say(accepted(1))
		h.pass(2 * time.Second)
		require.Equal(t, 1, h.count())
	})
}

// If the broker stops while 100,000 clients are connected, their events must be sent in requests of
// limited size, which must shrink further if a proxy refuses them. The position must not be saved
// for each request.
func TestAStopWithManyConnections(t *testing.T) {
	inHarness(t, func(h *harness) {
		const clients, limit = 100_000, 100_000
		h.broker, h.maxBytes = brokerlog.RabbitMQ, 0
		h.before = func(n int, w http.ResponseWriter, r *http.Request) bool {
			return len(h.requests[n-1].body) > limit && respond(http.StatusRequestEntityTooLarge)(n, w, r)
		}
		h.start()
		for i := 0; i < clients; i += 1_000 {
			var messages []string
			for n := range 1_000 {
				messages = append(messages, accepted(i+n+1))
			}
			h.say(messages...)
		}
		h.pass(10 * time.Minute)
		require.Len(t, h.rows, clients)
		sent := h.count()
		h.say("RabbitMQ is asked to stop...")
		h.pass(10 * time.Minute)
		h.requireEnds(1, clients, event.ServerShutdown)
		tooLarge := 0
		for _, request := range h.requests[sent:] {
			require.Equal(t, "events", request.route)
			require.Less(t, len(request.body), 530_000)
			if len(request.body) > limit {
				tooLarge++
			}
		}
		require.LessOrEqual(t, tooLarge, (h.count()-sent)/growAfter+1, "the forwarder must remember the limit")
	})
}
