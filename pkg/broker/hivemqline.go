package broker

import (
	"bytes"
	"net/netip"
	"slices"
	"strconv"

	"devicetrace/pkg/event"
)

// hivemqLine is the parsed content of a log line about a client's connection.
type hivemqLine struct {
	action event.Action
	info   event.ActionInfo
	event  string // the name of this kind of log line; becomes the event's NativeEvent
	reason []byte

	id         []byte
	address    string
	cleanStart event.Optional[bool]
}

// These are the native events. A client's events of the same time are sorted by native event if
// they have no identifiers, so the start of a connection sorts before its end.
const (
	hivemqConnected       = "connected"
	hivemqGraceful        = "disconnected gracefully"
	hivemqUngraceful      = "disconnected ungracefully"
	hivemqWasDisconnected = "was disconnected"
	hivemqRefused         = "was disconnected during CONNECT" // the reason is certainly about a CONNECT
)

// hivemqUnknown is what HiveMQ writes in place of a value that it does not know.
const hivemqUnknown = "UNKNOWN"

// hivemqOpening begins every line about a client's connection or session.
const hivemqOpening = "Client ID: "

// hivemqOther lists the beginnings of lines that are not recorded although they name a client.
var hivemqOther = []string{
	"Outgoing publish message was dropped. ", "Outgoing MQTT packet was dropped. ",
	"Received AUTH from ", "Sent AUTH to ",
}

// hivemqParse parses a log line without its time. found says whether the line is about the start or
// the end of a connection. fault is set if the line seems to be about a client, but cannot be read.
//
// Client identifiers, reasons and the topics in them may contain any characters, and nothing marks
// where they end. A client could therefore imitate a part of a line in its identifier.
// hivemqParse tries every place where the identifier may end. If more than one of them fits, it
// reports a fault.
func hivemqParse(text []byte) (said hivemqLine, found bool, fault string) {
	rest, isClient := bytes.CutPrefix(text, []byte(hivemqOpening))
	if !isClient {
		return said, false, hivemqHidden(text)
	}
	readings := 0
	if hivemqExpired(rest) {
		readings++
	}
	for at := 0; readings <= 1; {
		i := bytes.Index(rest[at:], []byte(", IP:"))
		if i < 0 {
			break
		}
		id, after := rest[:at+i], bytes.TrimPrefix(rest[at+i+len(", IP:"):], []byte(" ")) // some lines have no space
		at += i + 1
		if m, ok := hivemqAfterID(after); ok {
			readings++
			said, found = m, true
			said.id = id
		}
	}
	switch {
	case readings == 0 || found && len(said.id) == 0:
		return said, false, "the line begins like one about a client, but cannot be read"
	case readings > 1:
		return said, false, "the line can be read in several ways, because the client identifier or the reason contains a part of another line"
	}
	return said, found, ""
}

// hivemqHidden returns a fault if a line about a client follows an unknown prefix, such as a time in
// an unknown form.
func hivemqHidden(text []byte) (fault string) {
	if hivemqNames(text) || !bytes.Contains(text, []byte(hivemqOpening)) {
		return ""
	}
	return "the line names a client after an unknown prefix; send the lines as HiveMQ writes them to its event log, " +
		"or with the prefixes of docker, kubectl, journald or syslog"
}

// hivemqNames reports whether a text without its time begins like a line that names a client.
func hivemqNames(text []byte) bool {
	hasPrefix := func(opening string) bool { return bytes.HasPrefix(text, []byte(opening)) }
	return hasPrefix(hivemqOpening) || slices.ContainsFunc(hivemqOther, hasPrefix)
}

// hivemqExpired reports whether a line, without its opening, is about the expiry of a session.
func hivemqExpired(text []byte) bool {
	const form = " session has expired at 2006-01-02 15:04:05. "
	text, ok := bytes.CutSuffix(text, []byte("All persistent data for this client has been removed."))
	return ok && len(text) > len(form) && bytes.HasPrefix(text[len(text)-len(form):], []byte(" session has expired at "))
}

// maxHiveMQAddress is the maximum length of an address, including the name of an IPv6 zone.
const maxHiveMQAddress = 96

// hivemqAfterID parses the part of a line that begins with the address.
func hivemqAfterID(text []byte) (m hivemqLine, ok bool) {
	end := bytes.IndexAny(text[:min(len(text), maxHiveMQAddress)], " ,")
	if end < 0 {
		return m, false
	}
	if m.address, ok = hivemqAddress(string(text[:end])); !ok {
		return m, false
	}
	return m, m.connect(text[end:]) || m.graceful(text[end:]) || m.ungraceful(text[end:]) || m.closed(text[end:])
}

// hivemqAddress returns an address in its canonical form. HiveMQ writes IPv6 addresses without
// abbreviation. The result is empty if HiveMQ does not know the address.
func hivemqAddress(written string) (address string, ok bool) {
	if written == hivemqUnknown {
		return "", true
	}
	a, err := netip.ParseAddr(written)
	return a.String(), err == nil
}

// maxHiveMQConnect is the maximum length of the text that connect parses.
const maxHiveMQConnect = 80

// connect parses ", Clean Start: true, Session Expiry: 3600 connected."
func (m *hivemqLine) connect(text []byte) bool {
	if len(text) > maxHiveMQConnect {
		return false
	}
	flag, text, ok := hivemqBetween(text, ", Clean Start: ", ", Session Expiry: ")
	expiry, isWhole := bytes.CutSuffix(text, []byte(" connected."))
	if !ok || !isWhole || !isHiveMQNumber(string(expiry)) {
		return false
	}
	switch string(flag) {
	case "true", "false":
		m.cleanStart = event.Some(string(flag) == "true")
	case hivemqUnknown:
	default:
		return false
	}
	m.event, m.action, m.info = hivemqConnected, event.Connect, event.Accepted
	return true
}

// hivemqBetween returns the text between the opening and the first separator, and the text after the
// separator.
func hivemqBetween(text []byte, opening, separator string) (between, after []byte, ok bool) {
	text, opens := bytes.CutPrefix(text, []byte(opening))
	if !opens {
		return nil, nil, false
	}
	return bytes.Cut(text, []byte(separator))
}

func isHiveMQNumber(s string) bool {
	_, err := strconv.ParseUint(s, 10, 64)
	return err == nil || s == hivemqUnknown
}

// graceful parses " disconnected gracefully." and the reason that an MQTT 5 client may have given.
// HiveMQ writes no full stop after this reason.
func (m *hivemqLine) graceful(text []byte) bool {
	text, ok := bytes.CutPrefix(text, []byte(" disconnected gracefully."))
	if !ok {
		return false
	}
	m.event, m.action, m.info = hivemqGraceful, event.Disconnect, event.DisconnectedByClient
	m.reason, ok = bytes.CutPrefix(text, []byte(" Reason given by client: "))
	return ok || len(text) == 0
}

// ungraceful parses " disconnected ungracefully." or, from 2023.5 on, " disconnected ungracefully
// from LISTENER on port: 1883."
func (m *hivemqLine) ungraceful(text []byte) bool {
	text, ok := bytes.CutPrefix(text, []byte(" disconnected ungracefully"))
	if !ok {
		return false
	}
	m.event, m.action, m.info = hivemqUngraceful, event.Close, event.ClosedByClient
	if string(text) == "." {
		return true
	}
	text, isWhole := bytes.CutSuffix(text, []byte("."))
	listener := bytes.TrimRight(text, "0123456789")
	return isWhole && len(listener) < len(text) &&
		bytes.HasPrefix(listener, []byte(" from ")) && bytes.HasSuffix(listener, []byte(" on port: "))
}

// closed parses " was disconnected. reason: REASON."
func (m *hivemqLine) closed(text []byte) bool {
	text, ok := bytes.CutPrefix(text, []byte(" was disconnected. reason: "))
	reason, isWhole := bytes.CutSuffix(text, []byte("."))
	if !ok || !isWhole {
		return false
	}
	m.event, m.action = hivemqWasDisconnected, event.Close
	if isHiveMQRefusal(string(reason)) {
		m.event = hivemqRefused
	}
	m.info, m.reason = hivemqInfo(string(reason)), reason
	return true
}
