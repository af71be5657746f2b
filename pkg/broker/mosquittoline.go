package broker

import (
	"bytes"
	"net/netip"
	"strconv"
	"time"

	"devicetrace/pkg/event"
)

// mosquittoLine is the parsed content of a log line about a client's connection, or about a stop or
// a start of the broker.
type mosquittoLine struct {
	at time.Time // zero if the line does not say when it was written

	action event.Action
	info   event.ActionInfo
	event  string // the name of this kind of log line; becomes the event's NativeEvent
	reason []byte

	id      []byte
	from    []byte // ADDR:PORT, or empty
	address []byte
	port    int32

	version, clean, keepAlive uint64 // parameters in a line about a new connection; up to 1.5, version is 0
	user                      []byte
	isOld                     bool // a line about a new connection without a port, as only Mosquitto 1 writes it

	broker []byte // the broker's version, if the line is about a stop or a start
}

// These are the native events, one for each kind of log line. A client's events in the same second
// are sorted by native event if they have no identifiers. Therefore the native events for the start
// of a connection must sort before those for its end.
const (
	mosquittoBridge       = "bridge connected"
	mosquittoConnected    = "connected"
	mosquittoDisconnected = "disconnected"
	mosquittoRefused      = "refused" // a refused CONNECT; the client's connection, if it has one, is unaffected
	mosquittoSocket       = "socket"
	mosquittoStarted      = BrokerStarted
	mosquittoStopped      = BrokerStopped
)

// mosquittoParse parses a log line without its time. found says whether the line is about a
// connection, or about a stop or a start of the broker. fault is set if the line begins like a line
// about a connection, but cannot be parsed.
//
// Client identifiers and user names may contain any characters, and nothing marks where they end.
// Therefore mosquittoParse recognizes a line by Mosquitto's fixed text before and after them.
func mosquittoParse(text []byte) (said mosquittoLine, found bool, fault string) {
	for _, form := range mosquittoForms {
		if rest, ok := bytes.CutPrefix(text, form.prefix); ok {
			said.event = form.event
			found, fault = form.read(&said, rest)
			if said.broker != nil {
				said.reason = text
			}
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
	{[]byte("Bad socket read/write on client "), mosquittoSocket, (*mosquittoLine).badSocket},
	{[]byte("Socket error on client "), mosquittoSocket, (*mosquittoLine).socketError},
	{[]byte("mosquitto version "), "", (*mosquittoLine).state},
}

// connect parses "ADDR:PORT as ID (p2, c1, k60, u'USER')." Mosquitto 1 writes no port. Up to
// 1.5, it does not write p2 either.
func (m *mosquittoLine) connect(rest []byte) (found bool, fault string) {
	peer, rest, ok := bytes.Cut(rest, []byte(" as "))
	splits := 0
	if ok && m.peer(peer) {
		splits = m.parameters(rest)
	}
	if ok && splits == 0 && m.oldPeer(peer) {
		splits = m.parameters(rest)
	}
	switch {
	case splits == 0:
		return false, mosquittoConnectFault
	case splits > 1:
		return false, "the line has more than one meaning, because the client identifier or the user name contains text such as \" (p2, c1, k60\""
	}
	m.action, m.info = event.Connect, event.Accepted
	return true, ""
}

const mosquittoConnectFault = "the line of a new connection must continue with address:port, as, the client identifier, and (p, c, k)"

// peer parses ADDR:PORT. An IPv6 address is not in brackets. For a Unix socket, ADDR is the
// configured path of the socket, and PORT is 0. For a WebSocket behind a proxy, ADDR is the header
// X-Forwarded-For of the request, and PORT is 0.
func (m *mosquittoLine) peer(text []byte) bool {
	address, port, _ := cutLast(text, ":")
	n, err := strconv.ParseUint(string(port), 10, 16)
	if err != nil {
		return false
	}
	if _, err := netip.ParseAddr(string(address)); err != nil {
		if n != 0 {
			return false
		}
		address = mosquittoForwarded(address)
	}
	m.from, m.address, m.port = text, address, int32(n)
	return true
}

// mosquittoForwarded returns the client's address from the header X-Forwarded-For: the first
// address in the list, without a port. If the text is the path of a Unix socket instead, it returns
// the path. For any other text, it returns nothing.
func mosquittoForwarded(header []byte) []byte {
	first, _, _ := bytes.Cut(header, []byte(","))
	first = bytes.TrimSpace(first)
	if at, err := netip.ParseAddrPort(string(first)); err == nil {
		return []byte(at.Addr().String())
	}
	bare := bytes.TrimSuffix(bytes.TrimPrefix(first, []byte("[")), []byte("]"))
	if _, err := netip.ParseAddr(string(bare)); err == nil {
		return bare
	}
	if bytes.IndexByte(header, '/') >= 0 || bytes.HasSuffix(header, []byte(".sock")) {
		return header
	}
	return nil
}

// oldPeer parses ADDR, which Mosquitto 1 writes without a port.
func (m *mosquittoLine) oldPeer(text []byte) bool {
	if _, err := netip.ParseAddr(string(text)); err != nil {
		return false
	}
	m.from, m.address, m.port, m.isOld = nil, text, 0, true
	return true
}

// parameters parses "ID (p2, c1, k60, u'USER')." It returns the number of ways in which the text
// can be split into an identifier and a user name. If there is more than one, a client may be
// trying to pass for another one, so the caller must reject the line.
func (m *mosquittoLine) parameters(text []byte) (splits int) {
	text, ok := bytes.CutSuffix(text, []byte(")."))
	if !ok {
		return 0
	}
	for from := 0; ; {
		at := bytes.Index(text[from:], []byte(" ("))
		if at < 0 {
			return splits
		}
		at += from
		from = at + len(" (")
		if m.parametersIn(text[from:]) {
			m.id = text[:at]
			splits++
		}
	}
}

// maxNumbers is the maximum length of parameters such as "p2, c1, k60". parametersIn looks no
// further for ", u'", so it stays fast even if a client fills a long line with " (".
const maxNumbers = len("p255, c1, k65535")

// parametersIn parses "p2, c1, k60", with or without ", u'USER'".
func (m *mosquittoLine) parametersIn(text []byte) bool {
	numbers, _, hasUser := bytes.Cut(text[:min(len(text), maxNumbers+len(", u'"))], []byte(", u'"))
	user, isQuoted := bytes.CutSuffix(bytes.TrimPrefix(text[len(numbers):], []byte(", u'")), []byte("'"))
	if hasUser != isQuoted || !hasUser && len(numbers) < len(text) {
		return false
	}
	var version, clean, keepAlive uint64
	if first, rest, _ := bytes.Cut(numbers, []byte(", ")); parameter(&version, first, 'p', 255) {
		numbers = rest
	} else if !m.isOld {
		return false
	}
	first, last, _ := bytes.Cut(numbers, []byte(", "))
	if !parameter(&clean, first, 'c', 1) || !parameter(&keepAlive, last, 'k', 65_535) {
		return false
	}
	m.version, m.clean, m.keepAlive, m.user = version, clean, keepAlive, user
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

// end parses the text that follows "Client " in a line. Mosquitto up to 2.0 writes "ID closed its
// connection." or a similar phrase. From 2.1.1 on, Mosquitto writes "ID [ADDR:PORT] disconnected:
// WHY."
//
// Some lines about other things also begin with "Client "; end ignores them. It reports a fault for
// any other line, which may be about the end of a connection.
func (m *mosquittoLine) end(rest []byte) (found bool, fault string) {
	if endsElse(rest) {
		return false, ""
	}
	m.action = event.Close
	for _, form := range mosquittoEnds {
		if id, ok := bytes.CutSuffix(rest, form.suffix); ok {
			m.id, m.action, m.info, m.reason = id, form.action, form.info, form.reason
			if form.action == event.Disconnect {
				m.ended(id, false)
			}
			if bytes.Equal(form.reason, mosquittoNotAuthorised) {
				m.event = mosquittoRefused
			}
			return true, ""
		}
	}
	if id, why, ok := cutKnown(rest); ok {
		m.id, m.info, m.reason = id, mosquittoReasons[string(why)], why
		// If the identifier is unknown, Mosquitto 2.1.0 writes an address in its place. Discard
		// this address.
		if _, err := netip.ParseAddr(string(id)); err == nil {
			m.id = nil
		}
		return true, ""
	}
	id, why, isNew, found := cutWhy(rest)
	switch {
	case found && isNew:
		m.info, m.reason = mosquittoInfo(why), why
		_, isOwn := mosquittoReasons[string(why)]
		m.ended(id, isOwn || bytes.HasPrefix(why, mosquittoBadSocket))
	case found:
		m.id, m.info, m.reason = id, mosquittoOldInfo(why), why
	case !isAboutElse(rest):
		return false, "the line begins like one about the end of a connection, but the reason cannot be read"
	}
	return found, ""
}

// ended parses the client in a line about the end of a connection: "ID" or "ID [ADDR:PORT]". Only
// the forms that Mosquitto 2.1.1 writes may have an address. ADDR may be empty or any text from a
// proxy; see peer. It may contain pairs of brackets. isNew means that no older version writes the
// line, so the line certainly has an address.
func (m *mosquittoLine) ended(id []byte, isNew bool) {
	m.id = id
	depth := 0
	for at := len(id) - 1; at > 0; at-- {
		switch id[at] {
		case ']':
			depth++
		case '[':
			depth--
		}
		if depth > 0 {
			continue
		}
		if at == len(id)-1 || id[at-1] != ' ' {
			return
		}
		if peer := id[at+1 : len(id)-1]; m.peer(peer) || isNew && endsInPort(peer) {
			m.id = id[:at-1]
		}
		return
	}
}

// endsInPort reports whether a text ends with a colon and a number.
func endsInPort(text []byte) bool {
	_, port, _ := cutLast(text, ":")
	return len(port) > 0 && len(bytes.Trim(port, "0123456789")) == 0
}

// cutWhy splits "ID disconnected due to WHY." or "ID disconnected: WHY." into ID and WHY. isNew
// reports whether the text has the second form. Up to 2.1.0, WHY in the second form is always a
// message of the operating system.
func cutWhy(text []byte) (id, why []byte, isNew, found bool) {
	id, why, found = cutLast(text, " disconnected due to ")
	if before, after, ok := cutLast(text, " disconnected: "); ok && len(before) >= len(id) {
		id, why, isNew, found = before, after, true, true
	}
	if isNew && bytes.HasPrefix(why, mosquittoBadSocket) { // a reason with this prefix may end without a full stop
		return id, why, isNew, found
	}
	why, hasStop := bytes.CutSuffix(why, []byte("."))
	return id, why, isNew, found && hasStop && len(why) > 0
}

// cutKnown splits "ID disconnected, WHY.", which Mosquitto 2.1.0 writes, into ID and WHY. It
// returns false if WHY is not a known reason.
func cutKnown(text []byte) (id, why []byte, found bool) {
	id, why, _ = cutLast(text, " disconnected, ")
	why, hasStop := bytes.CutSuffix(why, []byte("."))
	_, isKnown := mosquittoReasons[string(why)]
	return id, why, hasStop && isKnown
}

// badSocket parses "ID: WHY", which Mosquitto 2.0 writes, or "ID, disconnecting.", which Mosquitto
// up to 2.0.5 writes.
func (m *mosquittoLine) badSocket(rest []byte) (found bool, fault string) {
	m.action = event.Close
	if id, isOld := bytes.CutSuffix(rest, []byte(", disconnecting.")); isOld {
		m.id, m.info, m.reason = id, event.SocketIOException, []byte("bad socket read/write")
		return true, ""
	}
	id, why, found := cutLast(rest, ": ")
	if !found || len(why) == 0 {
		return false, "the line of a bad socket must continue with the client identifier, a colon, and the reason"
	}
	if before, isConnack := bytes.CutSuffix(id, []byte(": Connection Refused")); isConnack {
		id, why = before, rest[len(before)+len(": "):]
	}
	m.id, m.info, m.reason = id, mosquittoLibraryInfo(why), why
	return true, ""
}

// socketError parses "ID, disconnecting.", which Mosquitto 1 writes for every end that it has no
// other line for. Usually, the client closed the connection.
func (m *mosquittoLine) socketError(rest []byte) (found bool, fault string) {
	id, ok := bytes.CutSuffix(rest, []byte(", disconnecting."))
	if !ok {
		return false, `the line of a socket error must continue with the client identifier and ", disconnecting."`
	}
	m.id, m.action, m.info, m.reason = id, event.Close, event.ClosedByClient, mosquittoSocketError
	return true, ""
}

// state parses "VERSION starting", "VERSION running" or "VERSION terminating". Mosquitto 1.4 writes
// "VERSION (build date DATE) starting".
func (m *mosquittoLine) state(rest []byte) (found bool, fault string) {
	version, rest, _ := bytes.Cut(rest, []byte(" "))
	if text, ok := bytes.CutPrefix(rest, []byte("(build date ")); ok {
		_, rest, _ = cutLast(text, ") ")
	}
	switch string(rest) {
	case "starting", "running":
		m.event = mosquittoStarted
	case "terminating":
		m.event = mosquittoStopped
	default:
		return false, ""
	}
	m.action, m.info, m.broker = event.Close, event.ServerShutdown, version
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
