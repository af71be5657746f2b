package broker

import (
	"bytes"
	"maps"
	"slices"
	"time"

	"devicetrace/pkg/event"
)

// MosquittoTracker follows which clients the log of a Mosquitto shows as connected. Mosquitto
// writes one line when it stops and one when it starts, and no line for the clients whose
// connections end because of that. The tracker says which clients these are.
//
// The zero value is ready to use. The tracker keeps the identifiers of all connected clients. It is
// not safe for concurrent use.
type MosquittoTracker struct {
	open map[string]string // the client identifier of each open connection, and the client's address and port if known
}

// MosquittoStop is a line that says that Mosquitto stopped or started. Each client in Clients has
// lost its connection. The decoder of the source Mosquitto returns an event for each client that
// connected in the same body. For a client that connected in an earlier body, the sender of the log
// must send an equal event: action close, action info ServerShutdown, and the fields below.
type MosquittoStop struct {
	// Clients are the identifiers of the clients, sorted.
	Clients []string
	// NativeEvent is "broker stopped" or "broker started". NativeReason is the line's text without
	// its time, such as "mosquitto version 2.0.18 terminating".
	NativeEvent, NativeReason string
	// Time is the time in the line. It is zero if the line has no time, or only a local time
	// without a zone.
	Time time.Time
}

// Line reads the next line of the log. The line needs no line feed. The result is nil unless the
// line says that Mosquitto stopped or started while clients were connected.
func (t *MosquittoTracker) Line(line []byte) *MosquittoStop {
	stamp, text := mosquittoStamp(bytes.TrimRight(line, "\r\n"))
	said, found, _ := mosquittoParse(text)
	if !found {
		return nil
	}
	return t.follow(&said, stamp)
}

// follow updates the set of open connections. See Line for the result.
func (t *MosquittoTracker) follow(said *mosquittoLine, stamp time.Time) *MosquittoStop {
	switch {
	case said.isAnonymous():
	case said.action == event.Connect:
		if t.open == nil {
			t.open = map[string]string{}
		}
		t.open[string(said.id)] = string(said.address)
	default:
		delete(t.open, string(said.id))
	}
	return nil
}

// Open returns the identifiers of the clients that are connected, sorted.
func (t *MosquittoTracker) Open() []string { return slices.Sorted(maps.Keys(t.open)) }

// Restore replaces the set of connected clients, for example with the result of an earlier call to
// Open.
func (t *MosquittoTracker) Restore(clientIDs []string) {
	t.open = make(map[string]string, len(clientIDs))
	for _, id := range clientIDs {
		t.open[id] = ""
	}
}
