package forward

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
)

// If clients are connected when Mosquitto stops, each of them must get one row for the end, even if
// its connect is in an earlier log, and even if responses are lost and the forwarder restarts.
func TestMosquittoStops(t *testing.T) {
	inHarness(t, func(h *harness) {
		h.loseResponses = func(n int) bool { return n%2 == 1 }
		line := func(format string, values ...any) {
			h.append(fmt.Sprintf("%d: %s\n", time.Now().Unix(), fmt.Sprintf(format, values...)))
		}
		const connect = "New client connected from 192.0.2.7:50001 as %s (p2, c1, k60)."
		h.start()
		line(connect, client(1))
		line(connect, client(2))
		h.pass(time.Minute)
		h.running.stop()
		require.NoError(t, os.Rename(h.log, h.log+".1"))
		line("Client %s disconnected.", client(2))
		line(connect, client(3))
		line("mosquitto version 2.0.18 terminating")
		line("mosquitto version 2.0.18 starting")
		h.start()
		h.pass(10 * time.Minute)
		h.running.stop()
		h.start()
		line(connect, client(4))
		h.pass(10 * time.Minute)
		got := map[string]event.ActionInfo{}
		for _, e := range h.events {
			if e.Action != event.Connect {
				got[string(e.ClientID)] = e.ActionInfo
			}
		}
		require.Equal(t, map[string]event.ActionInfo{client(1): event.ServerShutdown, client(2): event.DisconnectedByClient, client(3): event.ServerShutdown}, got)
		require.Equal(t, map[string]int{client(1): 2, client(2): 2, client(3): 2, client(4): 1}, h.rows)
	})
}
