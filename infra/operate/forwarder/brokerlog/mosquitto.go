package brokerlog

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"time"

	"devicetrace/infra/operate/forwarder/follow"
	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

// mosquitto reads the log of Mosquitto. The recorder reads the lines itself. However, it reads each
// request alone, so it does not know which clients connected in earlier requests. If Mosquitto
// stops or starts, the reader therefore also sends an event for each client that was connected.
//
// The reader sends these events after the lines before the stop, and before the line about the stop.
// The rows are then in order even if the lines have no times. The recorder makes no such event
// itself, because it gets the clients' lines and the line about the stop in different requests.
type mosquitto struct {
	clients broker.MosquittoTracker
	isFull  bool // true once a connection could not be remembered
}

func newMosquitto() *mosquitto { return &mosquitto{} }

// mosquittoState is the snapshot of a mosquitto.
type mosquittoState struct {
	Broker string            `json:"broker"`
	Open   map[string]string `json:"open"` // see broker.MosquittoTracker.Open
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
func (m *mosquitto) Counts() []slog.Attr {
	return []slog.Attr{slog.Int("open_connections", len(m.clients.Open())), slog.Int("forgotten_connections", m.clients.Forgotten())}
}

// Read implements Reader.
func (m *mosquitto) Read(c follow.Chunk) (list []Body, read follow.Chunk) {
	rest, offset := linesOf(c), c.Offset
	m.clients.Received = time.Now()
	for line := range bytes.Lines(c.Lines) {
		if stop := m.clients.Line(line); stop != nil {
			before, after := rest.splitAt(int(offset - rest.Offset))
			if len(before.Lines) > 0 {
				list = append(list, before)
			}
			list, rest = append(list, stopEvents(stop, c.Log, offset)...), after
		}
		offset += int64(len(line))
	}
	m.warn()
	return append(list, rest), c
}

// stopEvents returns the events of the clients that a stop or a start of Mosquitto disconnected,
// according to the line at the given position.
func stopEvents(stop *broker.MosquittoStop, log string, offset int64) []Body {
	var events bodies
	for _, client := range stop.Clients {
		events.add(row{
			ClientID: client, Action: event.Close, ActionInfo: event.ServerShutdown, Time: formatTime(stop.Time),
			SourceEventID: broker.LineID(log, offset), NativeEvent: stop.NativeEvent, NativeReason: stop.NativeReason, Source: Mosquitto,
		}, log, offset)
	}
	return events.list
}

// warn logs, once, that a connection was not remembered.
func (m *mosquitto) warn() {
	if m.clients.Forgotten() > 0 && !m.isFull {
		m.isFull = true
		logForgotten(len(m.clients.Open()))
	}
}
