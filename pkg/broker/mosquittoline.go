package broker

import (
	"bytes"
	"net/netip"
	"strconv"

	"devicetrace/pkg/event"
)

// mosquittoLine is the parsed content of a log line about a client's connection.
type mosquittoLine struct {
	action event.Action
	info   event.ActionInfo
	event  string // the name of this kind of log line; becomes the event's NativeEvent
	reason []byte

	id      []byte
	address []byte
	port    int32

	version, clean, keepAlive uint64 // parameters that a line about a new connection contains
	user                      []byte
}

// These are the native events, one for each kind of log line. A client's events in the same second
// are sorted by native event if they have no identifiers. Therefore the native events for the start
// of a connection must sort before those for its end.
const (
	mosquittoBridge       = "bridge connected"
	mosquittoConnected    = "connected"
	mosquittoDisconnected = "disconnected"
	mosquittoSocket       = "socket"
)

// isAnonymous reports whether the line has no client identifier. The comment on type mosquitto
// lists what Mosquitto writes in place of the identifier.
func (m *mosquittoLine) isAnonymous() bool {
	return len(m.id) == 0 || string(m.id) == "<unknown>" || m.action != event.Connect && bytes.Equal(m.id, m.address)
}

// mosquittoParse parses a log line without its time. found says whether the line is about a
// connection. fault is set if the line begins like a line about a connection, but cannot be parsed.
//
// Client identifiers and user names may contain any characters, and nothing marks where they end.
// Therefore mosquittoParse recognizes a line by Mosquitto's fixed text before and after them. If a
// line can be parsed in two ways, mosquittoParse chooses the longer client identifier.
func mosquittoParse(text []byte) (said mosquittoLine, found bool, fault string) {
	for _, form := range mosquittoForms {
		if rest, ok := bytes.CutPrefix(text, form.prefix); ok {
			said.event = form.event
			found, fault = form.read(&said, rest)
			return said, found, fault
		}
	}
	return said, false, ""
}

var mosquittoForms = []struct {
	prefix []byte
	event  string
	read   func(said *mosquittoLine, rest []byte) (found bool, fault string)
}{
	{[]byte("New client connected from "), mosquittoConnected, (*mosquittoLine).connect},
	{[]byte("New bridge connected from "), mosquittoBridge, (*mosquittoLine).connect},
	{[]byte("Client "), mosquittoDisconnected, (*mosquittoLine).end},
	{[]byte("Bad socket read/write on client "), mosquittoSocket, (*mosquittoLine).socket},
}

// connect parses "ADDR:PORT as ID (p2, c1, k60, u'USER')."
func (m *mosquittoLine) connect(rest []byte) (found bool, fault string) {
	peer, rest, ok := bytes.Cut(rest, []byte(" as "))
	if !ok || !m.peer(peer) || !m.parameters(rest) {
		return false, "the line of a new connection must continue with address:port, as, the client identifier, and (p, c, k)"
	}
	m.action, m.info = event.Connect, event.Accepted
	return true, ""
}

// peer parses ADDR:PORT. An IPv6 address is not in brackets. For a Unix socket, ADDR is the
// configured path of the socket, and PORT is 0.
func (m *mosquittoLine) peer(text []byte) bool {
	address, port, _ := cutLast(text, ":")
	n, err := strconv.ParseUint(string(port), 10, 16)
	if err != nil || len(address) == 0 {
		return false
	}
	isPath := n == 0 && !bytes.ContainsAny(address, " []")
	if _, err := netip.ParseAddr(string(address)); err != nil && !isPath {
		return false
	}
	m.address, m.port = address, int32(n)
	return true
}

// parameters parses "ID (p2, c1, k60, u'USER')." The client identifier ends before the last " ("
// that is followed by valid parameters.
func (m *mosquittoLine) parameters(text []byte) bool {
	text, ok := bytes.CutSuffix(text, []byte(")."))
	for at := len(text); ok; {
		if at = bytes.LastIndex(text[:at], []byte(" (p")); at < 0 {
			return false
		}
		if m.parametersIn(text[at+len(" ("):]) {
			m.id = text[:at]
			return true
		}
	}
	return false
}

// maxNumbers is the maximum length of parameters such as "p2, c1, k60". parametersIn looks no
// further for ", u'", so it stays fast even if a client fills a long line with " (p".
const maxNumbers = len("p255, c1, k65535")

// parametersIn parses "p2, c1, k60", with or without ", u'USER'".
func (m *mosquittoLine) parametersIn(text []byte) bool {
	numbers, _, hasUser := bytes.Cut(text[:min(len(text), maxNumbers+len(", u'"))], []byte(", u'"))
	user, isQuoted := bytes.CutSuffix(bytes.TrimPrefix(text[len(numbers):], []byte(", u'")), []byte("'"))
	if hasUser != isQuoted || !hasUser && len(numbers) < len(text) {
		return false
	}
	version, numbers, _ := bytes.Cut(numbers, []byte(", "))
	clean, keepAlive, _ := bytes.Cut(numbers, []byte(", "))
	if !parameter(&m.version, version, 'p', 255) || !parameter(&m.clean, clean, 'c', 1) ||
		!parameter(&m.keepAlive, keepAlive, 'k', 65_535) {
		return false
	}
	m.user = user
	return true
}

// parameter parses a parameter such as "k60", which consists of the given letter and a number from
// 0 to limit.
func parameter(into *uint64, text []byte, letter byte, limit uint64) bool {
	digits, ok := bytes.CutPrefix(text, []byte{letter})
	n, err := strconv.ParseUint(string(digits), 10, 64)
	*into = n
	return ok && err == nil && n <= limit
}

// end parses the text that follows "Client " in a line. Mosquitto 2.0 writes "ID closed its
// connection." or a similar phrase. From 2.1.1 on, Mosquitto writes "ID [ADDR:PORT] disconnected:
// WHY."
//
// Lines about other things may also begin with "Client ", so end normally ignores a line that has
// none of these forms. But if such a line contains " disconnected", or is long enough that
// Mosquitto may have truncated it (see mosquittoCut), end reports a fault.
func (m *mosquittoLine) end(rest []byte) (found bool, fault string) {
	for _, form := range mosquittoEnds {
		if id, ok := bytes.CutSuffix(rest, form.suffix); ok {
			m.action, m.info, m.reason = form.action, form.info, form.reason
			m.ended(id)
			return true, ""
		}
	}
	if id, why, ok := cutKnown(rest); ok {
		m.action, m.info, m.reason = event.Close, mosquittoInfo(why), why
		// If the identifier is unknown, Mosquitto 2.1.0 writes an address in its place. Discard
		// this address.
		if _, err := netip.ParseAddr(string(id)); err != nil {
			m.id = id
		}
		return true, ""
	}
	id, why, found := cutWhy(rest)
	switch {
	case found:
		m.action, m.info, m.reason = event.Close, mosquittoInfo(why), why
		m.ended(id)
	case bytes.Contains(rest, []byte(" disconnected")) || len(rest) > mosquittoCut-maxStamp:
		return false, "the line begins like one about the end of a connection, but the reason cannot be read"
	}
	return found, ""
}

// ended parses the client in a line about the end of a connection: "ID" or "ID [ADDR:PORT]".
func (m *mosquittoLine) ended(id []byte) {
	m.id = id
	text, ok := bytes.CutSuffix(id, []byte("]"))
	before, peer, found := cutLast(text, " [")
	if ok && found && m.peer(peer) {
		m.id = before
	}
}

// cutWhy splits "ID disconnected due to WHY." or "ID disconnected: WHY." into ID and WHY.
func cutWhy(text []byte) (id, why []byte, found bool) {
	id, why, found = cutLast(text, " disconnected due to ")
	if before, after, ok := cutLast(text, " disconnected: "); ok && len(before) >= len(id) {
		id, why, found = before, after, true
	}
	if bytes.HasPrefix(why, mosquittoBadSocket) { // a reason with this prefix may end without a full stop
		return id, why, found
	}
	why, hasStop := bytes.CutSuffix(why, []byte("."))
	return id, why, found && hasStop
}

// cutKnown splits "ID disconnected, WHY.", which Mosquitto 2.1.0 writes, into ID and WHY. It
// returns false if WHY is not a known reason.
func cutKnown(text []byte) (id, why []byte, found bool) {
	id, why, _ = cutLast(text, " disconnected, ")
	why, hasStop := bytes.CutSuffix(why, []byte("."))
	_, isKnown := mosquittoReasons[string(why)]
	return id, why, hasStop && isKnown
}

// socket parses "ID: WHY", which Mosquitto 2.0 writes, or "ID, disconnecting.", which Mosquitto up
// to 2.0.5 writes.
func (m *mosquittoLine) socket(rest []byte) (found bool, fault string) {
	id, why, found := cutLast(rest, ": ")
	if before, isOld := bytes.CutSuffix(rest, []byte(", disconnecting.")); isOld {
		id, why, found = before, []byte("bad socket read/write"), true
	}
	if !found {
		return false, "the line of a bad socket must continue with the client identifier, a colon, and the reason"
	}
	m.id, m.reason = id, why
	m.action, m.info = event.Close, mosquittoInfo(why)
	return true, ""
}

// cutLast is like bytes.Cut, but splits at the last separator.
func cutLast(text []byte, separator string) (before, after []byte, found bool) {
	at := bytes.LastIndex(text, []byte(separator))
	if at < 0 {
		return nil, nil, false
	}
	return text[:at], text[at+len(separator):], true
}
