package brokerlog

import (
	"bytes"
	"encoding/json"
	"log/slog"

	"devicetrace/infra/operate/forwarder/follow"
	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

// mosquitto reads the log of Mosquitto. The recorder reads the lines itself. However, it reads each
// request alone, so it does not know which clients connected in earlier requests. If Mosquitto
// stops or starts, the reader therefore also sends an event for each client that was connected. If
// a client connected in the same request, the recorder makes an equal event, and both count as one.
type mosquitto struct{ clients broker.MosquittoTracker }

func newMosquitto() *mosquitto { return &mosquitto{} }

// mosquittoState is the snapshot of a mosquitto.
type mosquittoState struct {
	Broker string   `json:"broker"`
	Open   []string `json:"open"`
}

// Snapshot implements follow.State.
func (m *mosquitto) Snapshot() (json.RawMessage, error) {
	return json.Marshal(mosquittoState{Broker: Mosquitto, Open: m.clients.Open()})
}

// Restore implements follow.State.
func (m *mosquitto) Restore(snapshot json.RawMessage) error {
	var state mosquittoState
	if err := restore(snapshot, Mosquitto, &state); err != nil {
		return err
	}
	m.clients.Restore(state.Open)
	return nil
}

// Counts implements Reader.
func (m *mosquitto) Counts() []slog.Attr { return nil }

// Read implements Reader.
func (m *mosquitto) Read(c follow.Chunk) ([]Body, follow.Chunk) {
	var events bodies
	offset := c.Offset
	for line := range bytes.Lines(c.Lines) {
		if stop := m.clients.Line(line); stop != nil {
			for _, client := range stop.Clients {
				events.add(row{
					ClientID: client, Action: event.Close, ActionInfo: event.ServerShutdown, Time: formatTime(stop.Time),
					SourceEventID: eventID(c.Log, offset), NativeEvent: stop.NativeEvent, NativeReason: stop.NativeReason, Source: Mosquitto,
				}, c.Log, offset)
			}
		}
		offset += int64(len(line))
	}
	return append([]Body{linesOf(c)}, events.list...), c
}
