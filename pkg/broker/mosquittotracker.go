package broker

import (
	"bytes"
	"maps"
	"slices"
	"time"

	"devicetrace/pkg/event"
)

// MosquittoTracker follows which clients are connected, according to the log of one Mosquitto. When
// Mosquitto stops or starts, it writes a line about that, but no line for each client whose
// connection has ended as a result. The tracker says which clients these are.
//
// The zero value is ready to use. The tracker keeps the identifiers of all connected clients. It is
// not safe for concurrent use.
type MosquittoTracker struct {
	// open maps each connected client's identifier to its address and port, or to "" if unknown.
	open   map[string]string
	filter mosquittoFilter
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

// Line reads the next line of the log, with or without the prefixes of other programs. The line
// needs no line feed. The result is nil unless the line says that Mosquitto stopped or started
// while clients were connected.
func (t *MosquittoTracker) Line(line []byte) *MosquittoStop {
	wrapped := unwrap(bytes.TrimSuffix(line, []byte("\n")), mosquittoBegins)
	if wrapped.fault != "" || lineFault(wrapped.text) != "" {
		return nil
	}
	in := mosquittoCut(wrapped.text, wrapped.at, time.Time{})
	said, found, _ := t.read(wrapped.text, &in)
	if !found {
		return nil
	}
	return t.follow(&said)
}

// read parses the next line. in is the result of mosquittoCut for the line. See mosquittoRead for
// the results.
func (t *MosquittoTracker) read(line []byte, in *logText) (said mosquittoLine, found bool, fault string) {
	if t.filter.follow(line, in) {
		return mosquittoLine{}, false, ""
	}
	return mosquittoRead(in)
}

// follow updates the set of open connections. See Line for the result.
func (t *MosquittoTracker) follow(said *mosquittoLine) *MosquittoStop {
	switch {
	case said.broker != nil:
		return t.stop(said)
	case said.isAnonymous(), said.event == mosquittoRefused:
	case said.action == event.Connect:
		if t.open == nil {
			t.open = map[string]string{}
		}
		t.open[string(said.id)] = string(said.from)
	case t.isEnd(said):
		delete(t.open, string(said.id))
	}
	return nil
}

func (t *MosquittoTracker) stop(said *mosquittoLine) *MosquittoStop {
	clients := t.Open()
	if len(clients) == 0 {
		return nil
	}
	clear(t.open)
	stop := &MosquittoStop{Clients: clients, NativeEvent: said.event, NativeReason: string(said.reason)}
	if !said.at.IsZero() {
		stop.Time = millisecond(said.at)
	}
	return stop
}

// isEnd reports whether a line about an end is about the client's open connection. The end of a
// connection that was taken over may be reported after the new connection, and so may a refused
// CONNECT with the client's identifier. Such a line has a different address.
func (t *MosquittoTracker) isEnd(said *mosquittoLine) bool {
	from := t.open[string(said.id)]
	return from == "" || len(said.from) == 0 || from == string(said.from)
}

// has reports whether the client is connected.
func (t *MosquittoTracker) has(id []byte) bool {
	_, ok := t.open[string(id)]
	return ok
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
