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
// The zero value is ready to use. The tracker keeps the identifiers of all connected clients, up to
// MaxOpenSize. It is not safe for concurrent use.
type MosquittoTracker struct {
	// Received is about the time at which the recorder will receive the next line. It completes a
	// time with a zone but without a date or a year, as the decoder does. If it is zero, such a time
	// is unknown.
	Received time.Time

	// open maps each connected client's identifier to its address and port, or to "" if unknown.
	open      map[string]string
	size      int // the size of open, as limited by MaxOpenSize
	forgotten int // see Forgotten
	filter    mosquittoFilter
	// version is the version in the last line about a stop or a start, or "" if there was none.
	version string
}

const (
	// MaxOpenSize is the maximum size in bytes of the clients that a tracker remembers: their
	// identifiers and addresses, as texts in JSON, plus clientSize for each. It is enough for about
	// 600,000 clients. Further clients are not remembered.
	MaxOpenSize = 64 << 20
	// clientSize is the part of MaxOpenSize that a client occupies in addition to its texts.
	clientSize = 64
)

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
	// without a zone. See also MosquittoTracker.Received.
	Time time.Time
}

// Line reads the next line of the log, with or without the prefixes of other programs. The line
// needs no line feed. The result is nil unless the line says that Mosquitto stopped or started
// while clients were connected.
func (t *MosquittoTracker) Line(line []byte) *MosquittoStop {
	wrapped := unwrap(bytes.TrimSuffix(line, []byte("\n")), mosquittoBegins)
	in := mosquittoCut(wrapped.text, wrapped.at, t.Received)
	if t.filter.follow(wrapped.text, &in) || wrapped.fault != "" || lineFault(wrapped.text) != "" {
		return nil
	}
	said, found, _ := mosquittoRead(&in, t.version)
	if !found {
		return nil
	}
	return t.follow(&said)
}

// follow updates the set of open connections. See Line for the result.
func (t *MosquittoTracker) follow(said *mosquittoLine) *MosquittoStop {
	switch {
	case said.broker != nil:
		t.version = string(said.broker)
		return t.stop(said)
	case said.isAnonymous(), said.event == mosquittoRefused:
	case said.action == event.Connect:
		t.add(string(said.id), string(said.from))
	case t.isEnd(said):
		t.remove(string(said.id))
	}
	return nil
}

// add remembers a client, unless there is no space for it.
func (t *MosquittoTracker) add(id, from string) {
	t.remove(id)
	size := openSize(id, from)
	if t.size+size > MaxOpenSize {
		t.forgotten++
		return
	}
	if t.open == nil {
		t.open = map[string]string{}
	}
	t.open[id] = from
	t.size += size
}

func (t *MosquittoTracker) remove(id string) {
	if from, ok := t.open[id]; ok {
		delete(t.open, id)
		t.size -= openSize(id, from)
	}
}

// openSize returns the part of MaxOpenSize that a client occupies.
func openSize(id, from string) int { return clientSize + jsonSize(id) + jsonSize(from) }

// jsonSize returns an upper bound of the size that a valid text has in JSON, without its quotes.
func jsonSize(text string) (size int) {
	for i := range len(text) {
		switch c := text[i]; {
		case c < ' ' || c == '<' || c == '>' || c == '&' || c == 0x7f:
			size += len(`\u0000`)
		case c == '"' || c == '\\' || c >= 0x80: // U+2028 has three bytes and is written as \u2028
			size += 2
		default:
			size++
		}
	}
	return size
}

func (t *MosquittoTracker) stop(said *mosquittoLine) *MosquittoStop {
	clients := slices.Sorted(maps.Keys(t.open))
	if len(clients) == 0 {
		return nil
	}
	t.open, t.size = nil, 0
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

// Open returns the clients that are connected: for each client identifier, the address and port from
// which the client connected, or "" if the log does not say it. The caller must not change the map.
func (t *MosquittoTracker) Open() map[string]string { return t.open }

// Forgotten returns the number of connections that were not remembered because of MaxOpenSize. If the
// broker stops, they have no event.
func (t *MosquittoTracker) Forgotten() int { return t.forgotten }

// Restore replaces the set of connected clients, for example with the result of an earlier call to
// Open.
func (t *MosquittoTracker) Restore(open map[string]string) {
	t.open, t.size = nil, 0
	for id, from := range open {
		t.add(id, from)
	}
}
