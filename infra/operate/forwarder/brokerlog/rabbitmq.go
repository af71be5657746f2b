package brokerlog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"unicode/utf8"

	"devicetrace/infra/operate/forwarder/follow"
	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

// rabbitMQ reads the log of RabbitMQ. The lines about the end of a connection name only the
// connection, so the reader remembers which client opened it. The events go to the recorder in the
// project's own form.
//
// Lines that are about a connection but cannot be read are also sent, so that the recorder keeps
// them in quarantine. Refused logins, and ends of connections whose beginning is not in the log,
// are only counted, because nothing in the log says which client they are about.
type rabbitMQ struct {
	open *connections
	// last is the prefix of the last message. It serves to recognize a further part of this message
	// that RabbitMQ wrote only after the message was read.
	last            string
	refused, orphan int
	forgotten       int // number of connections that were not remembered before the last stop or start
}

func newRabbitMQ() *rabbitMQ { return &rabbitMQ{open: newConnections()} }

// rabbitState is the snapshot of a rabbitMQ.
type rabbitState struct {
	Broker string                 `json:"broker"`
	Last   string                 `json:"last,omitempty"`
	Open   map[string]*connection `json:"open"` // must be the last field; see Snapshot
}

// Snapshot implements follow.State. The snapshot is a rabbitState.
func (r *rabbitMQ) Snapshot() (json.RawMessage, error) {
	state, err := json.Marshal(rabbitState{Broker: RabbitMQ, Last: r.last})
	if err != nil {
		return nil, err
	}
	return r.open.appendTo(bytes.TrimSuffix(state, []byte("null}"))), nil
}

// Restore implements follow.State.
func (r *rabbitMQ) Restore(snapshot json.RawMessage) error {
	var state rabbitState
	if err := restore(snapshot, RabbitMQ, &state); err != nil {
		return err
	}
	open := newConnections()
	for name, c := range state.Open {
		if c == nil || c.ClientID == "" {
			return fmt.Errorf("the connection %q has no client", name)
		}
		open.add(name, c)
	}
	r.last, r.open = state.Last, open
	return nil
}

// Counts implements Reader.
func (r *rabbitMQ) Counts() []slog.Attr {
	return []slog.Attr{
		slog.Int("open_connections", len(r.open.byName)),
		slog.Int("forgotten_connections", r.forgotten+r.open.forgotten),
		slog.Int("refused_logins", r.refused),
		slog.Int("ends_without_beginning", r.orphan),
	}
}

// Read implements Reader. If the chunk was cut off by a limit, or if the log is growing, Read leaves out
// the last message, because more of its lines may follow. If the whole chunk is one long message, Read
// treats this message as incomplete.
func (r *rabbitMQ) Read(c follow.Chunk) ([]Body, follow.Chunk) {
	messages := rabbitMessages(c.Lines, c.Offset)
	last := len(messages) - 1
	switch {
	case last > 0 && (c.Full || c.Growing), c.Growing && !c.Full:
		c.Lines = c.Lines[:messages[last].offset-c.Offset]
		messages = messages[:last]
	case c.Full:
		messages[0].isCut = messages[0].parts > 1 || len(c.Lines) >= maxMessage
	}
	var events, unreadable bodies
	for i := range messages {
		m := rabbitEvents{rabbitMessage: &messages[i], log: c.Log, events: &events, unreadable: &unreadable}
		r.read(&m)
		r.last = string(m.prefix)
	}
	return append(events.list, unreadable.list...), c
}

// maxMessage is a length in bytes that no message with a client identifier has, since an identifier
// has at most 64 KiB. If a chunk that was cut off by a limit has only one line and that line is shorter,
// the line is whole, and a very long one follows it.
const maxMessage = 256 << 10

// rabbitEvents is a message, together with the bodies that receive its events.
type rabbitEvents struct {
	*rabbitMessage
	log                string // the name of the log
	events, unreadable *bodies
}

// read adds the events of a message, if any.
func (r *rabbitMQ) read(m *rabbitEvents) {
	if conn := m.crashed(); conn != "" && string(m.prefix) != r.last {
		r.crash(m, conn)
		return
	}
	readings := readMessage(m.text, r.contradiction())
	if m.isDebug || !m.isAboutMQTT(&readings) {
		return
	}
	if why := r.fault(m, &readings); why != "" {
		m.quarantine(why)
		return
	}
	if readings.kind == stopped {
		r.endAll(m, readings.fitting[0].event)
		return
	}
	r.say(m, &readings)
}

// contradiction returns a function that reports whether a reading contradicts the open connections,
// because a client with another identifier opened the connection.
func (r *rabbitMQ) contradiction() func(*sentence, fields) bool {
	var conn, latin1 string // the identifier of the latest connection in Latin-1, which takes time to derive
	return func(s *sentence, f fields) bool {
		known := r.open.byName[f.conn]
		if s.kind != ended || f.id == "" || known == nil {
			return false
		}
		if !f.isLatin1 {
			return f.id != known.ClientID
		}
		if conn != f.conn {
			conn, latin1 = f.conn, toLatin1(known.ClientID)
		}
		return f.id != latin1
	}
}

// isAboutMQTT reports whether a message with the given readings results in an event, or would do so
// if it could be read. The message may follow an unknown prefix.
func (m *rabbitEvents) isAboutMQTT(readings *readings) bool {
	if readings.isSentence {
		return readings.kind != unrelated
	}
	return isAboutConnection(m.text) || m.stamp == "" && isAboutConnection(afterPrefix(m.text))
}

// fault returns why a message about MQTT cannot be read, or "" if it can. If the message is about the
// beginning or the end of a connection, the connection that had its name before is forgotten.
func (r *rabbitMQ) fault(m *rabbitEvents, readings *readings) (why string) {
	switch {
	case !readings.isSentence:
		return "it is not one of the sentences about MQTT connections that RabbitMQ 3.10 to 4.3 write"
	case m.stamp == "":
		return "it does not begin with RabbitMQ's default prefix, $time [$level] $pid"
	case m.isFine && m.prefix != nil && string(m.prefix) == r.last:
		return "it is a part of the message before it"
	case readings.kind == stopped:
		return "" // the length and the number of parts do not matter, because no client chose the text
	case m.isCut:
		why = "it is too long"
	case m.isAmbiguous():
		why = "it may be one message or several; let RabbitMQ log times with microseconds"
	}
	if why != "" {
		r.forget(readings)
	}
	return why
}

// forget forgets the connection that a message is about if the message goes to quarantine. A client
// cannot choose the connection, because forget does nothing if the readings differ in it.
func (r *rabbitMQ) forget(readings *readings) {
	if readings.kind == opened || readings.kind == ended {
		r.open.remove(readings.conn)
	}
}

// say adds the event that a message about a client reports, if any.
func (r *rabbitMQ) say(m *rabbitEvents, readings *readings) {
	if why := unusable(readings); why != "" {
		m.quarantine(why)
		r.forget(readings)
		return
	}
	switch s := &readings.fitting[0]; s.kind {
	case refused:
		r.refused++
	case opened:
		r.connect(m, s)
	default:
		r.end(m, s)
	}
}

// unusable returns why a message about a client says too little, or "" if it says enough.
func unusable(readings *readings) string {
	if len(readings.fitting) != 1 {
		return "the client identifier in it is ambiguous, or not the one that opened the connection"
	}
	s := &readings.fitting[0]
	switch {
	case s.kind != refused && !utf8.ValidString(s.conn+s.id+s.reason):
		return "it is not valid UTF-8"
	case s.kind == opened && s.id == "":
		return "it has no client identifier"
	}
	return ""
}

func (r *rabbitMQ) connect(m *rabbitEvents, s *said) {
	c := &connection{ClientID: s.id, Stamp: m.stamp}
	r.open.add(s.conn, c)
	e := c.row(s.conn)
	e.Action, e.ActionInfo, e.NativeEvent = s.action, s.info, s.event
	m.add(e)
}

// end adds the event for the end of a connection. If the connection is not open and the message has
// no client identifier, end only counts it: either an earlier message has already given the reason,
// or the client had not sent CONNECT.
func (r *rabbitMQ) end(m *rabbitEvents, s *said) {
	c := r.open.remove(s.conn)
	if c == nil && s.id == "" {
		r.orphan++
		return
	}
	if c == nil {
		c = &connection{ClientID: s.id}
	}
	e := c.row(s.conn)
	e.Action, e.ActionInfo, e.NativeEvent, e.NativeReason = s.action, s.info, s.event, s.reason
	m.add(e)
}

// endAll adds an event for each client's newest connection, because the broker has stopped or
// started. RabbitMQ logs nothing about the end of these connections.
func (r *rabbitMQ) endAll(m *rabbitEvents, native string) {
	for _, name := range r.open.current() {
		e := r.open.byName[name].row(name)
		e.Action, e.ActionInfo, e.NativeEvent = event.Close, event.ServerShutdown, native
		e.NativeReason, _, _ = strings.Cut(strings.TrimSpace(m.text), "\n")
		m.add(e)
	}
	r.forgotten += r.open.forgotten
	r.open = newConnections()
}

// add adds an event with the message's time and position.
func (m *rabbitEvents) add(e row) {
	e.Source, e.Time, e.SourceEventID = RabbitMQ, formatTime(m.time), broker.LineID(m.log, m.offset)
	m.events.add(e, m.log, m.offset)
}

// maxQuarantined is the maximum length in bytes of a line that is sent for quarantine. A longer
// line is cut.
const maxQuarantined = 4 << 10

// quarantine sends the message's first line in such a form that the recorder keeps it in
// quarantine. why says why the message cannot be read.
func (m *rabbitEvents) quarantine(why string) {
	line := strings.ToValidUTF8(string(m.line[:min(len(m.line), maxQuarantined)]), "\uFFFD")
	m.unreadable.add(unread{
		Time: formatTime(m.time), SourceEventID: broker.LineID(m.log, m.offset), NativeEvent: line, NativeReason: why, Source: RabbitMQ,
	}, m.log, m.offset)
}

// afterPrefix returns the rest of a line from the first text that may begin a message about MQTT.
// It returns "" if there is no such text.
func afterPrefix(line string) string {
	start := len(line)
	for _, opening := range openings {
		if at := strings.Index(line, opening); at >= 0 {
			start = min(start, at)
		}
	}
	return line[start:]
}
