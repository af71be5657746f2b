package e2e

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/demo/ends"
)

// TestShutdownIsAnEnd checks that, if the system stops while a device is connected, the end of the
// connection is recorded as ServerShutdown. After a restart, the API must return all rows.
func TestShutdownIsAnEnd(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	began := time.Now()
	for _, device := range []string{"stays-1", "stays-2", "stays-3"} {
		_, err := ends.Dial(t.Context(), s.target(), device, time.Minute)
		require.NoError(t, err)
	}
	s.interrupt(t)
	s.start(t)
	for _, device := range []string{"stays-1", "stays-2", "stays-3"} {
		rows := s.trace(t, question("local", device, began, time.Now())).rows(t)
		require.Len(t, rows, 2)
		require.Equal(t, "connect", rows[0].Action)
		require.Equal(t, "close", rows[1].Action)
		require.Equal(t, "ServerShutdown", rows[1].ActionInfo)
		require.Equal(t, rows[0].ChannelID, rows[1].ChannelID)
	}
}

// TestRestartKeepsEvents checks that the API returns the same events, byte for byte, after a
// restart.
func TestRestartKeepsEvents(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	from := time.Now().Add(-time.Minute)
	s.record(t, "restart", manyEvents("device", from, 300))
	require.NoError(t, ends.Dropped(t.Context(), s.target(), "mqtt"))
	to := time.Now().Add(time.Minute)
	first, second := question("restart", "device", from, to), question("local", "mqtt", from, to)
	s.await(t, second, 2)
	before := [][]json.RawMessage{s.allEvents(t, first), s.allEvents(t, second)}
	require.Len(t, before[0], 300)
	s.interrupt(t)
	s.start(t)
	require.Equal(t, before, [][]json.RawMessage{s.allEvents(t, first), s.allEvents(t, second)})
}

// TestTakenPort checks that a stack whose port is taken prints one line that names the environment
// variable for the port, and exits with status 1.
func TestTakenPort(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for _, variable := range []string{"PORT", "MQTT_PORT"} {
		second := &stack{data: t.TempDir(), port: "0", mqttPort: "0"}
		if variable == "PORT" {
			second.port = s.port
		} else {
			second.mqttPort = s.mqttPort
		}
		cmd := second.command(t.Context())
		var output bytes.Buffer
		cmd.Stdout, cmd.Stderr = &output, &output
		require.Error(t, cmd.Run())
		require.Equal(t, 1, cmd.ProcessState.ExitCode(), output.String())
		require.Contains(t, " "+output.String(), " "+variable)
		require.Equal(t, 1, bytes.Count(bytes.TrimSpace(output.Bytes()), []byte("\n"))+1, output.String())
	}
}
