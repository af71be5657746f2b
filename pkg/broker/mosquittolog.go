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
	senders map[string]*mosquittoSender
	parts   lineParts
	strays  []int // the indices of events to remove; see mosquittoLine.showsStray

	previous []byte          // the names of the sender of the previous line
	filter   mosquittoFilter // the filter in the previous line

	// The current line sets the following fields.
	stop    *MosquittoStop // the clients that a stop or a start of the broker disconnected, or nil
	stopped event.Event    // the event for each of these clients, without the client identifier
}

// mosquittoSender holds what the lines read so far say about one broker. A body may contain the
// lines of several brokers, whose names in the prefixes, or in the objects around the lines,
// differ. All lines without names are treated as lines of the same broker.
type mosquittoSender struct {
	tracker MosquittoTracker
	last    mosquittoEnd // the previous line, if it was about the end of a connection
	reload  mosquittoReload
}

// mosquittoEnd is a line about the end of a client's connection.
type mosquittoEnd struct {
	id, reason []byte
	index      int // the index of its event
}

// decodeMosquitto is the Decoder for the log of Mosquitto.
func decodeMosquitto(body []byte, meta Meta) Batch {
	lines, ok := openLog(body, meta)
	b := mosquittoLog{lineReader: lines, senders: map[string]*mosquittoSender{}}
	start := startOf(body)
	switch {
	case !ok:
	case start.inArray && start.first == '"':
		b.array(body, true)
	case start.isWrongRoute(body):
		b.reject(body, "", wantsLines)
	case start.inArray && start.first == '{':
		b.array(body, false)
	case start.isLong:
		b.objects(body)
	default:
		b.each(body, func(raw []byte, at int) { b.read(raw, at, unwrap(raw, mosquittoBegins)) })
	}
	b.flush()
	b.removeStrays()
	return b.result()
}

// removeStrays removes the events whose indices are in strays.
func (b *mosquittoLog) removeStrays() {
	if len(b.strays) == 0 {
		return
	}
	slices.Sort(b.strays)
	strays := b.strays
	kept := b.batch.Events[:0]
	for i, e := range b.batch.Events {
		if len(strays) > 0 && strays[0] == i {
			strays = strays[1:]
			continue
		}
		kept = append(kept, e)
	}
	b.batch.Events = kept
}

// array reads a body that is an array of objects. If hasTexts is true, its elements may also be
// texts. After a syntax error, the start of the next element is unknown, so array rejects the rest
// of the body.
func (b *mosquittoLog) array(body []byte, hasTexts bool) {
	s := scanner{body: body}
	s.space()
	s.at++
	for {
		read := b.object
		if hasTexts && s.space() == '"' {
			read = b.text
		}
		if !read(&s) {
			return
		}
		switch s.space() {
		case ',':
			s.at++
		case ']':
			s.at++
			b.endArray(&s)
			return
		default:
			b.reject(body[s.at:], "", errSyntax.Error())
			return
		}
	}
}

// text reads the next element of an array, which is a text. It returns false if the body must not be
// read any further.
func (b *mosquittoLog) text(s *scanner) bool {
	if b.full() {
		return false
	}
	from := s.at
	v, err := s.text()
	if err != nil {
		b.reject(s.body[from:], "", errSyntax.Error())
		return false
	}
	line := wrappedLine{fault: "the text must not contain an unpaired surrogate"}
	if content, ok := v.unescaped(); ok {
		line = unwrapText(content, mosquittoBegins, 0)
	}
	b.read(s.body[from:s.at], from, line)
	return true
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
	if s.space() != '{' || wrapped.read(s) != nil {
		b.reject(s.body[from:], "", errSyntax.Error())
		return false
	}
	b.read(s.body[from:s.at], from, wrapped.line(mosquittoBegins, 0))
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
	if b.flush(); b.full() { // the collected parts were one item, and this line is another
		return
	}
	if isPart {
		b.parts = lineParts{isOpen: true, stream: stream, raw: raw, at: at, line: line}
		return
	}
	b.decode(raw, at, line)
}

// flush decodes the line whose parts have been collected, if there is one.
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
	b.stop = nil
	b.add(raw, placedLine{mosquittoItem{b, line}, &b.lineReader, at})
	if b.stop != nil {
		b.identifyByPosition(&b.stopped, at)
		b.addMore(b.stopped, b.stop.Clients)
	}
}

// mosquittoItem is a line in a body.
type mosquittoItem struct {
	body *mosquittoLog
	line wrappedLine
}

func (it mosquittoItem) row(r *reader, e *event.Event) bool {
	in := mosquittoCut(it.line.text, it.line.at, r.meta.ReceivedAt)
	b := it.body
	from, said, found, fault := b.parse(it.line, &in)
	last := from.last
	from.last = mosquittoEnd{}
	from.reload.follow(&in, &said)
	switch {
	case fault != "":
		r.refuse("", fault)
		return false
	case !found:
		return false
	case said.broker != nil:
		b.end(r, e, from, &said)
		return false
	}
	from.correct(&said)
	isRow := !said.isAnonymous() && !from.isPlaceholder(&said) && !from.isLocalBridge(&said)
	from.tracker.follow(&said)
	if !isRow || said.repeats(last) {
		return false
	}
	said.fill(r, e)
	r.setStamp(e, said.at)
	switch {
	case r.refused(), e.ClientID.IsCut(): // add rejects the event
	case said.action != event.Connect:
		from.last = mosquittoEnd{said.id, said.reason, len(b.batch.Events) - 1}
	case said.showsStray(last):
		b.strays = append(b.strays, last.index)
	}
	return true
}

// parse parses a line and finds its sender. in is the result of mosquittoCut for the line. See
// mosquittoRead for the other results.
func (b *mosquittoLog) parse(line wrappedLine, in *logText) (from *mosquittoSender, said mosquittoLine, found bool, fault string) {
	names := in.sender
	if len(line.sender) > 0 {
		names = slices.Concat(line.sender, names)
	}
	from = b.sender(names)
	repeats := from.tracker.filter.follow(line.text, in)
	switch {
	case b.isSubscription(line.text, in, names), repeats:
		return from, said, false, ""
	case line.fault != "":
		return from, said, false, line.fault
	}
	said, found, fault = mosquittoRead(in, from.tracker.version)
	return from, said, found, fault
}

// maxSenders is the maximum number of brokers that are followed in one body.
const maxSenders = 1_000

// sender returns the sender with the given names. If there are already maxSenders others, it
// returns a new sender each time, so each line of such a broker is read on its own.
func (b *mosquittoLog) sender(names []byte) *mosquittoSender {
	from := b.senders[string(names)]
	if from == nil {
		from = &mosquittoSender{}
		if len(b.senders) < maxSenders {
			b.senders[string(names)] = from
		}
	}
	return from
}

// isSubscription reports whether a line is about a subscription to the filter in the previous line.
// If Mosquitto writes no times, the client identifier in such a line may look like another prefix.
// The line then seems to come from a sender with an additional name.
func (b *mosquittoLog) isSubscription(line []byte, in *logText, names []byte) bool {
	repeats := b.filter.follow(line, in) && bytes.HasPrefix(names, b.previous)
	b.previous = names
	return repeats
}

// end prepares the events for a stop or a start of the broker.
func (b *mosquittoLog) end(r *reader, e *event.Event, from *mosquittoSender, said *mosquittoLine) {
	if stop := from.tracker.follow(said); stop != nil {
		said.fill(r, e)
		r.setStamp(e, said.at)
		if !r.refused() {
			b.stop, b.stopped = stop, *e
		}
	}
}

// isPlaceholder reports whether the identifier in an end line is an address that Mosquitto 2.1.0
// wrote because it did not know the identifier.
func (s *mosquittoSender) isPlaceholder(said *mosquittoLine) bool {
	if said.action == event.Connect || s.tracker.version != "2.1.0" || s.tracker.has(said.id) {
		return false
	}
	_, err := netip.ParseAddr(string(said.id))
	return err == nil
}

// isLocalBridge reports whether an end line is about the local end of a bridge to another broker.
// The identifier in such a line begins with "local.", and there is no line about a new connection.
func (s *mosquittoSender) isLocalBridge(said *mosquittoLine) bool {
	return said.action != event.Connect && bytes.HasPrefix(said.id, []byte("local.")) && !s.tracker.has(said.id)
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

// correct adjusts said according to earlier lines. The version of the broker decides what the
// reason mosquittoNoMemory means, and whether the address in a connect line has a port. After a
// reload, a line that looks like the result of a DISCONNECT does not prove one.
func (s *mosquittoSender) correct(said *mosquittoLine) {
	version := s.tracker.version
	switch {
	case bytes.Equal(said.reason, mosquittoNoMemory) && isSince(version, "2.0.22"):
		said.info = event.ServerShutdown
	case said.action == event.Connect && version != "" && !isSince(version, "2"):
		said.oldPeer(said.from)
	case said.action == event.Disconnect && s.reload.isOpen:
		said.action, said.info = event.Close, event.Unexplained
	}
}

// isSince reports whether a version, such as "2.0.22", is the same as other or newer.
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
