package broker

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"

	"devicetrace/pkg/event"
)

// mosquittoLog reads a body that consists of lines of Mosquitto's log. A line may be wrapped in a
// JSON object; see wrapping.
type mosquittoLog struct {
	lineReader
	tracker MosquittoTracker
	version []byte // the version in the last line about a stop or a start
	parts   lineParts
	last    mosquittoEnd // the previous line, if it was about the end of a connection

	// The current line sets the following fields.
	stop    *MosquittoStop // the clients that a stop or a start of the broker disconnected, or nil
	stopped event.Event    // the event of these clients, without a client identifier
	stray   int            // the index of an event to remove, or noEvent; see mosquittoLine.showsStray
}

const noEvent = -1

// mosquittoEnd is a line about the end of a client's connection.
type mosquittoEnd struct {
	id, reason []byte
	index      int // the index of its event
}

// decodeMosquitto is the Decoder for the log of Mosquitto.
func decodeMosquitto(body []byte, meta Meta) Batch {
	lines, ok := openLog(body, meta)
	b := mosquittoLog{lineReader: lines}
	switch {
	case !ok:
	case isWrongRoute(body):
		b.reject(body, "", wantsLines)
	case isObjectArray(body):
		b.array(body)
	case isObjectStream(body):
		b.objects(body)
	default:
		b.each(body, func(raw []byte, at int) { b.read(raw, at, unwrap(raw)) })
	}
	b.flush()
	return b.result()
}

// array reads a body that is an array of objects. After a syntax error, the start of the next
// object is unknown, so array rejects the rest of the body.
func (b *mosquittoLog) array(body []byte) {
	s := scanner{body: body}
	s.space()
	s.at++
	for {
		if !b.object(&s) {
			return
		}
		switch s.space() {
		case ',':
			s.at++
		case ']':
			s.at++
			if !s.ended() {
				b.reject(body[s.at:], "", "the body must end after the array")
			}
			return
		default:
			b.reject(body[s.at:], "", errSyntax.Error())
			return
		}
	}
}

// objects reads a body that consists of objects, each of which may extend over several lines.
func (b *mosquittoLog) objects(body []byte) {
	for s := (scanner{body: body}); !s.ended(); {
		if !b.object(&s) {
			return
		}
	}
}

// object reads the next object. It returns false if the body must not be read any further.
func (b *mosquittoLog) object(s *scanner) bool {
	if b.full() {
		return false
	}
	s.space()
	from := s.at
	var wrapped wrapping
	if s.space() != '{' || s.object(wrapped.slot) != nil {
		b.reject(s.body[from:], "", errSyntax.Error())
		return false
	}
	b.read(s.body[from:s.at], from, wrapped.line())
	return true
}

// read reads a line of the log. raw is the line as sent, and at its byte offset in the body.
func (b *mosquittoLog) read(raw []byte, at int, line wrappedLine) {
	stream, isPart, rest := cutPart(line.text)
	if b.parts.isOpen && stream != "" && stream == b.parts.stream {
		b.parts.append(raw, rest)
		if !isPart {
			b.flush()
		}
		return
	}
	b.flush()
	if isPart {
		b.parts = lineParts{isOpen: true, stream: stream, raw: raw, at: at, line: line}
		return
	}
	b.decode(raw, at, line)
}

// flush decodes the parts of a line that has been split.
func (b *mosquittoLog) flush() {
	if parts := b.parts; parts.isOpen {
		b.parts = lineParts{}
		b.decode(parts.raw, parts.at, parts.line)
	}
}

// decode adds the events of a line.
func (b *mosquittoLog) decode(raw []byte, at int, line wrappedLine) {
	if line.fault == "" {
		line.fault = lineFault(line.text)
	}
	if line.fault != "" {
		b.last = mosquittoEnd{}
		b.reject(raw, "", line.fault)
		return
	}
	b.stop, b.stray = nil, noEvent
	b.add(raw, placedLine{mosquittoItem{b, line}, &b.lineReader, raw, at})
	if b.stop != nil {
		b.identifyByPosition(&b.stopped, raw, at)
		b.addMore(b.stopped, b.stop.Clients)
	}
	if b.stray != noEvent {
		b.batch.Events = slices.Delete(b.batch.Events, b.stray, b.stray+1)
	}
}

// mosquittoItem is a line in a body.
type mosquittoItem struct {
	body *mosquittoLog
	line wrappedLine
}

func (it mosquittoItem) row(r *reader, e *event.Event) bool {
	b := it.body
	said, found, fault := mosquittoRead(it.line.text, it.line.at, r.meta.ReceivedAt)
	last := b.last
	b.last = mosquittoEnd{}
	switch {
	case fault != "":
		r.refuse("", fault)
		return false
	case !found:
		return false
	case said.broker != nil:
		b.version = said.broker
		b.end(r, e, &said)
		return false
	}
	isRow := !said.isAnonymous() && !b.isPlaceholder(&said) && !b.isLocalBridge(&said)
	b.tracker.follow(&said)
	if !isRow || said.repeats(last) {
		return false
	}
	b.correct(&said)
	said.fill(r, e)
	r.setStamp(e, said.at)
	switch {
	case r.refused():
	case said.action != event.Connect:
		b.last = mosquittoEnd{said.id, said.reason, len(b.batch.Events) - 1}
	case said.showsStray(last):
		b.stray = last.index
	}
	return true
}

// end prepares the events for a stop or a start of the broker.
func (b *mosquittoLog) end(r *reader, e *event.Event, said *mosquittoLine) {
	if stop := b.tracker.follow(said); stop != nil {
		said.fill(r, e)
		r.setStamp(e, said.at)
		if !r.refused() {
			b.stop, b.stopped = stop, *e
		}
	}
}

// isPlaceholder reports whether the identifier in an end line is an address that Mosquitto 2.1.0
// wrote because it did not know the identifier.
func (b *mosquittoLog) isPlaceholder(said *mosquittoLine) bool {
	if said.action == event.Connect || string(b.version) != "2.1.0" || b.tracker.has(said.id) {
		return false
	}
	_, err := netip.ParseAddr(string(said.id))
	return err == nil
}

// isLocalBridge reports whether an end line is about the local end of a bridge to another broker.
// Its identifier begins with "local.", and it has no line about a new connection.
func (b *mosquittoLog) isLocalBridge(said *mosquittoLine) bool {
	return said.action != event.Connect && bytes.HasPrefix(said.id, []byte("local.")) && !b.tracker.has(said.id)
}

// repeats reports whether a line is about the same end as last, the line directly before it.
// Mosquitto 1.4 and 1.5 write a second line after a timeout and after a session takeover.
func (m *mosquittoLine) repeats(last mosquittoEnd) bool {
	mayRepeat := m.action == event.Disconnect && m.address == nil || bytes.Equal(m.reason, mosquittoSocketError)
	return mayRepeat && bytes.Equal(last.id, m.id) &&
		(bytes.Equal(last.reason, mosquittoTimeout) || bytes.Equal(last.reason, mosquittoTakeover))
}

// showsStray reports whether a line about a new connection shows that last, the line directly
// before it, was not about an end. When a client returns to its session, Mosquitto 1.4 and 1.5
// write a line about an end directly before the line about the new connection, even if the client
// was not connected. After a real end, a line about the new network connection comes in between.
func (m *mosquittoLine) showsStray(last mosquittoEnd) bool {
	return m.isOld && m.version == 0 && bytes.Equal(last.id, m.id) && (len(last.reason) == 0 || bytes.Equal(last.reason, mosquittoSocketError))
}

// correct sets the action info of the reason mosquittoNoMemory if the version is known.
func (b *mosquittoLog) correct(said *mosquittoLine) {
	if bytes.Equal(said.reason, mosquittoNoMemory) && isSince(string(b.version), "2.0.22") {
		said.info = event.ServerShutdown
	}
}

// isSince reports whether a version, such as "2.0.22", is not older than another one.
func isSince(version, other string) bool {
	for version != "" || other != "" {
		var a, b string
		a, version, _ = strings.Cut(version, ".")
		b, other, _ = strings.Cut(other, ".")
		if len(a) != len(b) {
			return len(a) > len(b)
		}
		if a != b {
			return a > b
		}
	}
	return true
}
