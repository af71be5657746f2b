package broker

import (
	"bytes"
	"slices"
	"strconv"
	"time"
)

// wrapping is a JSON object that contains a line of a log. Container runtimes, journald, log
// shippers and MQTT clients write such objects.
type wrapping struct {
	lines                                          [5]value // the texts, one of which is the line
	topic                                          value    // the MQTT topic
	realtime, date, time, timestamp, elasticSearch value    // when the line was written or read
	names                                          [len(senderKeys)]value
	kubernetes                                     value  // an object that names the pod
	repeated                                       string // see scanner.repeated
}

// These are the indices in wrapping.lines of the keys that need special treatment.
const (
	journalLine = 2
	payloadLine = 4
)

// read reads the next object.
func (w *wrapping) read(s *scanner) error {
	s.repeated = ""
	err := s.object(w.slot)
	w.repeated = s.repeated
	return err
}

func (w *wrapping) slot(key []byte) *value {
	switch string(key) {
	case "log":
		return &w.lines[0]
	case "message":
		return &w.lines[1]
	case "MESSAGE":
		return &w.lines[journalLine]
	case "short_message":
		return &w.lines[3]
	case "payload":
		return &w.lines[payloadLine]
	case "topic":
		return &w.topic
	case "__REALTIME_TIMESTAMP":
		return &w.realtime
	case "date":
		return &w.date
	case "time":
		return &w.time
	case "timestamp":
		return &w.timestamp
	case "@timestamp":
		return &w.elasticSearch
	default:
		return w.senderSlot(key)
	}
}

// senderKeys are the keys whose values name the sender of the line in an object. podKeys are such
// keys in the object under the key "kubernetes".
var (
	senderKeys = [...]string{"host", "hostname", "_HOSTNAME", "_SYSTEMD_UNIT", "container_name", "CONTAINER_NAME", "_container_name"}
	podKeys    = [...]string{"namespace", "namespace_name", "pod_namespace", "pod", "pod_name"}
)

func (w *wrapping) senderSlot(key []byte) *value {
	if string(key) == "kubernetes" {
		return &w.kubernetes
	}
	if i := slices.Index(senderKeys[:], string(key)); i >= 0 {
		return &w.names[i]
	}
	return nil
}

// sender returns the names of the sender of the line, or nothing if the object has none.
func (w *wrapping) sender() (names []byte) {
	var pod [len(podKeys)]value
	if s := (scanner{body: w.kubernetes.raw}); w.kubernetes.kind == object {
		_ = s.object(func(key []byte) *value { // the value is valid, because it is part of a valid object
			if i := slices.Index(podKeys[:], string(key)); i >= 0 {
				return &pod[i]
			}
			return nil
		})
	}
	for _, list := range [...][]value{w.names[:], pod[:]} {
		for _, v := range list {
			if v.kind != absent {
				names = append(append(names, v.raw...), ' ')
			}
		}
	}
	return names
}

// hasLine reports whether the object has a key for a line.
func (w *wrapping) hasLine() bool {
	lines := w.candidates()
	return slices.ContainsFunc(lines[:], func(v value) bool { return v.kind != absent })
}

// candidates returns the values that may be the line. The payload of an MQTT message counts only if
// the broker published it. Otherwise, any client could publish a line.
func (w *wrapping) candidates() [5]value {
	lines := w.lines
	if !bytes.HasPrefix(w.topicName(), []byte(mosquittoTopics)) {
		lines[payloadLine] = value{}
	}
	return lines
}

// topicName returns the MQTT topic in the object, or nothing.
func (w *wrapping) topicName() []byte {
	if w.topic.kind != text {
		return nil
	}
	name, _ := w.topic.unescaped()
	return name
}

// wrappedLine is a line of a log without the JSON object around it.
type wrappedLine struct {
	text   []byte
	at     time.Time // the time in the object; zero if there is none
	sender []byte    // the names of the sender in the object; may be empty
	fault  string    // why the object was not understood, or ""
}

// maxWrapped is the maximum number of objects around a line. maxWrappedText is the maximum length
// in bytes of a text that is read as such an object. A log shipper that reads the file of a
// container runtime puts the runtime's object, as a text, into its own object.
const maxWrapped, maxWrappedText = 3, 4 * maxLine

// line returns the line in the object. begins reports whether a text begins like a message of the
// broker. wrapped is the number of objects around this one.
func (w *wrapping) line(begins func(text []byte) bool, wrapped int) wrappedLine {
	switch {
	case w.repeated != "":
		return wrappedLine{fault: "the key " + w.repeated + " " + isRepeated}
	case mosquittoIgnores(w.topicName()):
		return wrappedLine{}
	case !w.hasLine():
		return wrappedLine{fault: "the object must contain a line of the broker's log under the key log, message or MESSAGE"}
	}
	var texts []wrappedLine
	for i, v := range w.candidates() {
		content, ok := v.content(i == journalLine)
		if !ok {
			continue
		}
		texts = append(texts, unwrapText(content, begins, wrapped+1))
	}
	line := chooseLine(texts, begins)
	if line.at.IsZero() {
		line.at = w.when()
	}
	line.sender = append(w.sender(), line.sender...)
	return line
}

// chooseLine returns the text that holds a message of the broker. If there is none, it returns the
// first text that is not empty. If two texts hold different messages, the result has a fault.
func chooseLine(texts []wrappedLine, begins func(text []byte) bool) wrappedLine {
	chosen := wrappedLine{fault: "the line in the object must be a string or, under the key MESSAGE, an array of bytes"}
	var message []byte
	for i, line := range texts {
		if i == 0 || len(chosen.text) == 0 && chosen.fault == "" {
			chosen = line
		}
		if len(texts) == 1 {
			break
		}
		found := cutPrefixes(line.text, begins, time.Time{}, time.Time{}).text
		switch {
		case !begins(found):
		case message == nil:
			chosen, message = line, found
		case !bytes.Equal(message, found):
			return wrappedLine{fault: "the object contains two different lines of the broker's log; send each line in an object of its own"}
		}
	}
	return chosen
}

// content returns the content of a string, or, if mayBeBytes is true, of an array of bytes.
func (v value) content(mayBeBytes bool) ([]byte, bool) {
	switch {
	case v.kind == text:
		return v.unescaped()
	case mayBeBytes:
		return v.bytes()
	default:
		return nil, false
	}
}

// when returns the time in the object, or zero.
func (w *wrapping) when() time.Time {
	if µs, ok := w.realtime.integer(); ok && µs > 0 {
		return time.UnixMicro(µs)
	}
	for _, v := range []value{w.time, w.timestamp, w.elasticSearch, w.date} {
		if t := v.moment(); !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}

// moment reads a time in RFC 3339, or a Unix time in seconds, which may have a fraction, or in
// milliseconds, microseconds or nanoseconds. It returns zero if v is not such a time.
func (v value) moment() time.Time {
	if v.kind == text && !v.escaped {
		if t, err := time.Parse(time.RFC3339Nano, string(v.raw)); err == nil {
			return t
		}
	}
	if v.kind != number && !v.spellsNumber() {
		return time.Time{}
	}
	n, err := strconv.ParseFloat(string(v.raw), 64)
	if err != nil || n <= 0 || n >= 1<<62 {
		return time.Time{}
	}
	// Divide until n is in seconds: any time in seconds is below minMilliseconds.
	for n >= float64(minMilliseconds) {
		n /= 1000
	}
	return time.UnixMilli(int64(n * 1000))
}

// bytes returns the bytes in an array of numbers from 0 to 255. It returns false for any other
// value.
func (v value) bytes() ([]byte, bool) {
	content := bytes.TrimSpace(v.raw)
	if v.kind != array || len(content) < 2 {
		return nil, false
	}
	var all []byte
	for number := range bytes.SplitSeq(content[1:len(content)-1], []byte(",")) {
		n, err := strconv.ParseUint(string(bytes.TrimSpace(number)), 10, 8)
		if err != nil || len(all) > maxLine {
			return nil, false
		}
		all = append(all, byte(n))
	}
	return all, true
}

// unwrap returns the log line in raw. If raw is a JSON object, this is the line inside the object;
// otherwise, it is raw itself. See wrapping.line for begins.
func unwrap(raw []byte, begins func(text []byte) bool) wrappedLine {
	s := scanner{body: raw}
	if s.space() != '{' {
		return wrappedLine{text: bytes.TrimSuffix(raw, []byte("\r"))}
	}
	var w wrapping
	if w.read(&s) != nil || !s.ended() {
		return wrappedLine{fault: errSyntax.Error()}
	}
	return w.line(begins, 0)
}

// unwrapText returns the log line in a text from an object or an array. If the text is itself an
// object that contains a line, this is the line inside; otherwise, it is the text. wrapped is the
// number of objects around the text.
func unwrapText(text []byte, begins func(text []byte) bool, wrapped int) wrappedLine {
	text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
	var w wrapping
	s := scanner{body: text}
	if wrapped < maxWrapped && len(text) <= maxWrappedText && s.space() == '{' && w.read(&s) == nil && s.ended() && w.hasLine() {
		return w.line(begins, wrapped)
	}
	if bytes.IndexByte(text, '\n') >= 0 {
		return wrappedLine{fault: "the text must contain only one line; send each line in an object or a text of its own"}
	}
	return wrappedLine{text: text}
}

// bodyStart describes the beginning of a body of log lines.
type bodyStart struct {
	inArray  bool     // whether the body is an array; the first item is then the array's first element
	first    byte     // the first byte of the first item
	isObject bool     // whether the first item is a JSON object
	object   wrapping // this object
	isLong   bool     // whether this object extends over several lines
}

// startOf reads the first item of a body.
func startOf(body []byte) (start bodyStart) {
	s := scanner{body: body}
	if s.space() == '[' {
		start.inArray = true
		s.at++
	}
	start.first = s.space()
	from := s.at
	start.isObject = start.first == '{' && start.object.read(&s) == nil
	start.isLong = start.isObject && bytes.IndexByte(body[from:s.at], '\n') >= 0
	return start
}

// isWrongRoute reports whether a body was probably meant for a route that takes JSON events. This
// is the case if its first object has no key for a log line, or if it is a JSON array that does not
// begin with an object.
func (start *bodyStart) isWrongRoute(body []byte) bool {
	return start.isObject && !start.object.hasLine() || !start.isObject && isJSON(bytes.TrimSpace(body))
}
