package brokerlog

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"unicode/utf8"

	"devicetrace/infra/operate/forwarder/follow"
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
	Open   map[string]*connection `json:"open"`
}

// Snapshot implements follow.State.
func (r *rabbitMQ) Snapshot() (json.RawMessage, error) {
	return json.Marshal(rabbitState{Broker: RabbitMQ, Last: r.last, Open: r.open.byName})
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

// Read implements Reader. If the chunk was cut off by a limit, Read leaves out the last message,
// because more of its lines may follow. If the whole chunk is one message, Read treats this message
// as incomplete.
func (r *rabbitMQ) Read(c follow.Chunk) ([]Body, follow.Chunk) {
	messages := rabbitMessages(c.Lines, c.Offset)
	if n := len(messages); c.Full && n > 1 {
		c.Lines = c.Lines[:messages[n-1].offset-c.Offset]
		messages = messages[:n-1]
	} else if c.Full {
		messages[0].isCut = true
	}
	var events, unreadable bodies
	for i := range messages {
		m := rabbitEvents{rabbitMessage: &messages[i], log: c.Log, events: &events, unreadable: &unreadable}
		r.read(&m)
		r.last = string(m.prefix)
	}
	return append(events.list, unreadable.list...), c
}

// rabbitEvents is a message, together with the bodies that receive its events.
type rabbitEvents struct {
	*rabbitMessage
	log                string // the name of the log
	events, unreadable *bodies
}

// read adds the events of a message, if any.
func (r *rabbitMQ) read(m *rabbitEvents) {
	readings := readMessage(m.text)
	if m.isDebug || !m.isAboutMQTT(readings) {
		return
	}
	if why := r.fault(m, readings); why != "" {
		m.quarantine(why)
		return
	}
	if readings[0].kind == stopped {
		r.endAll(m, readings[0].event)
		return
	}
	r.say(m, readings)
}

// isAboutMQTT reports whether a message with the given readings results in an event, or would do so
// if it could be read. The message may follow an unknown prefix.
func (m *rabbitEvents) isAboutMQTT(readings []said) bool {
	if len(readings) > 0 {
		return readings[0].kind != unrelated
	}
	return isAboutConnection(m.text) || m.stamp == "" && isAboutConnection(afterPrefix(m.text))
}

// fault returns why a message about MQTT cannot be read, or "" if it can.
func (r *rabbitMQ) fault(m *rabbitEvents, readings []said) string {
	switch {
	case len(readings) == 0:
		return "it is not one of the sentences about MQTT connections that RabbitMQ 3.10 to 4.3 write"
	case m.stamp == "":
		return "it does not begin with RabbitMQ's default prefix, $time [$level] $pid"
	case m.isFine && m.prefix != nil && string(m.prefix) == r.last:
		return "it is a part of the message before it"
	case readings[0].kind == stopped:
		return "" // the length and the number of parts do not matter, because no client chose the text
	case m.isCut:
		return "it is too long"
	case m.isAmbiguous():
		return "it may be one message or several; let RabbitMQ log times with microseconds"
	}
	return ""
}

// say adds the event that a message about a client reports, if any.
func (r *rabbitMQ) say(m *rabbitEvents, readings []said) {
	s := r.choose(readings)
	switch {
	case s == nil:
		m.quarantine("the client identifier in it is ambiguous, or not the one that opened the connection")
		if readings[0].kind == ended {
			r.open.remove(readings[0].conn)
		}
	case s.kind == refused:
		r.refused++
	case !utf8.ValidString(s.conn + s.id + s.reason):
		m.quarantine("it is not valid UTF-8")
	case s.kind == opened && s.id == "":
		m.quarantine("it has no client identifier")
	case s.kind == opened:
		r.connect(m, s)
	default:
		r.end(m, s)
	}
}

// choose returns the reading of a message that does not contradict the open connections. It returns
// nil unless there is exactly one.
func (r *rabbitMQ) choose(readings []said) (chosen *said) {
	for i := range readings {
		s := &readings[i]
		known := r.open.byName[s.conn]
		isContrary := s.kind == ended && s.id != "" && known != nil && known.ClientID != s.id
		switch {
		case isContrary:
		case chosen != nil:
			return nil
		default:
			chosen = s
		}
	}
	return chosen
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
	e.Source, e.Time, e.SourceEventID = RabbitMQ, formatTime(m.time), eventID(m.log, m.offset)
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
		Time: formatTime(m.time), SourceEventID: eventID(m.log, m.offset), NativeEvent: line, NativeReason: why, Source: RabbitMQ,
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
