package brokerlog

import (
	"slices"
	"strings"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

// kind is what a message reports.
type kind int

const (
	unrelated kind = iota // nothing that results in an event
	opened                // a client connected
	ended                 // a connection ended
	refused               // a CONNECT was refused; the client identifier is not logged
	stopped               // the broker stopped or started, so all connections ended
)

// sentence is a form of message in RabbitMQ's log.
type sentence struct {
	pattern pattern
	kind    kind
	action  event.Action
	info    event.ActionInfo
	event   string // the native event
	reason  string // the native reason, unless the pattern has the placeholder {reason}
	// isLatin1 is true if only versions before 3.12 write the sentence; see fields.
	isLatin1 bool
}

// said is what a message says, according to one of the sentences.
type said struct {
	*sentence
	conn, id, reason string
}

// readings holds the ways in which a message can be read. There are several if an identifier imitates
// the text around it.
type readings struct {
	// isSentence is true if the message is one of the sentences.
	isSentence bool
	// kind is the kind of the first reading. A reading as an event excludes readings as something
	// unrelated.
	kind kind
	// fitting holds the readings that do not contradict the open connections. Of those according to
	// the same sentence, it holds at most two, which show that the message is ambiguous.
	fitting []said
	// conn is the connection that the message is about. It is empty if the readings differ in it.
	conn    string
	differs bool
}

// readMessage reads a message. The function isContrary reports whether a reading contradicts the open
// connections. The time that readMessage takes is linear in the length of the message, however many
// readings there are.
func readMessage(message string, isContrary func(*sentence, fields) bool) (r readings) {
	for i := range sentences {
		s, fitting := &sentences[i], 0
		s.pattern.match(message, fields{isLatin1: s.isLatin1}, func(f fields) bool {
			r.note(s, f)
			if !isContrary(s, f) {
				r.fitting = append(r.fitting, s.fill(f))
				fitting++
			}
			return fitting < 2
		})
	}
	r.fitting = slices.DeleteFunc(r.fitting, func(s said) bool { return s.kind == unrelated && r.kind != unrelated })
	return r
}

// note adds what a reading says about the message as a whole.
func (r *readings) note(s *sentence, f fields) {
	if r.kind == unrelated {
		r.kind = s.kind
	}
	r.isSentence = true
	switch {
	case s.kind == unrelated || r.differs || r.conn == f.conn:
	case r.conn == "":
		r.conn = f.conn
	default:
		r.conn, r.differs = "", true
	}
}

// fill returns what a message says if the placeholders of the sentence have the given values.
func (s *sentence) fill(f fields) said {
	if f.isLatin1 {
		f.id = fromLatin1(f.id)
	}
	r := said{sentence: s, conn: f.conn, id: f.id, reason: s.reason}
	if f.reason != "" {
		r.reason = unquoted(f.reason)
	}
	return r
}

// unquoted removes the quotes that Erlang puts around a text.
func unquoted(term string) string {
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSuffix(strings.TrimPrefix(term, "<<"), ">>"), `"`), `"`)
}

// toLatin1 is the inverse of fromLatin1.
func toLatin1(text string) string {
	var encoded strings.Builder
	for i := range len(text) {
		encoded.WriteRune(rune(text[i]))
	}
	return encoded.String()
}

// fromLatin1 returns the original of a text whose UTF-8 bytes were written as Latin-1 characters,
// as RabbitMQ does up to 3.11. If the text was not written like that, the result is not valid
// UTF-8.
func fromLatin1(text string) string {
	decoded := make([]byte, 0, len(text))
	for _, c := range text {
		if c > 0xff {
			return "\xff"
		}
		decoded = append(decoded, byte(c))
	}
	return string(decoded)
}

// sentences lists the messages that RabbitMQ 3.10 to 4.3 write about MQTT connections, and about
// its own stop and start. Sources: rabbit_mqtt_reader.erl, rabbit_mqtt_processor.erl,
// rabbit_web_mqtt_handler.erl and rabbit.erl.
//
// Some action infos are only the nearest equivalents: ServerShutdown for an action of the operator,
// and invalid param for anything that RabbitMQ calls a protocol error or a packet error.
var sentences = []sentence{
	connects("accepting MQTT connection {pid} ({conn}, client id: {id})", "accepting MQTT connection", true),
	connects("Accepted MQTT connection {conn} for client ID {id}", "Accepted MQTT connection", false),
	connects("Accepted Web MQTT connection {conn} for client ID {id}", "Accepted Web MQTT connection", false),

	{pattern: newPattern("closing MQTT connection {pid} ({conn})"), kind: ended, action: event.Disconnect,
		info: event.DisconnectedByClient, event: "closing MQTT connection"},
	ends("closing MQTT connection {quoted} (keepalive timeout)", event.NoHeart, "closing MQTT connection", "keepalive timeout"),
	ends("MQTT connection {quoted} will terminate because peer closed TCP connection", event.ClosedByClient, "MQTT connection will terminate", "peer closed TCP connection"),
	ends("MQTT detected network error for {quoted}: {reason}", event.SocketIOException, "MQTT detected network error", ""),
	ends("MQTT detected network error on {conn}: {reason}", event.SocketIOException, "MQTT detected network error", ""),
	ends("MQTT disconnecting client {quoted} with duplicate id '{id}'", event.ClientIDConflict, "MQTT disconnecting client", "duplicate id"),
	ends("MQTT disconnecting client {quoted} with client ID '{id}', reason: {reason}", event.ServerShutdown, "MQTT disconnecting client", ""),
	ends("MQTT disconnecting client {quoted} with client ID '{id}' as its node is about to be decommissioned", event.ServerShutdown, "MQTT disconnecting client", "its node is about to be decommissioned"),
	ends("MQTT disconnecting client {quoted} with client ID '{id}' because credential expired", event.NotAuthorized, "MQTT disconnecting client", "credential expired"),
	ends("MQTT closing connection {quoted}: {reason}", event.ServerShutdown, "MQTT closing connection", ""),
	ends("MQTT connection {conn} is closing due to an authorization failure", event.TopicAuthFailed, "MQTT connection is closing", "authorization failure"),
	ends("MQTT protocol error on connection {conn}: {reason}", event.InvalidParam, "MQTT protocol error", ""),
	ends("MQTT detected a framing error on connection {conn}: {reason}", event.InvalidParam, "MQTT detected a framing error", ""),
	ends("MQTT detected a packet error on connection {conn}: {reason}", event.InvalidParam, "MQTT detected a packet error", ""),
	ends("MQTT cannot parse a frame on connection {quoted}, {reason}", event.InvalidParam, "MQTT cannot parse a frame", ""),
	ends("Unparseable MQTT packet received from connection {conn}", event.InvalidParam, "Unparseable MQTT packet", "unparseable packet"),

	ends("Web MQTT closing connection {conn}", event.Unexplained, "Web MQTT closing connection", ""),
	ends("Web MQTT closing connection {quoted}: {reason}", event.ServerShutdown, "Web MQTT closing connection", ""),
	ends("keepalive timeout in Web MQTT connection {quoted}", event.NoHeart, "Web MQTT connection", "keepalive timeout"),
	ends("keepalive error in Web MQTT connection {quoted}: {reason}", event.SocketIOException, "keepalive error in Web MQTT connection", ""),
	ends("Web MQTT disconnecting a client with duplicate ID '{id}' ({quoted})", event.ClientIDConflict, "Web MQTT disconnecting a client", "duplicate ID"),
	ends("Web MQTT disconnecting client with ID '{id}' ({quoted}), reason: {reason}", event.ServerShutdown, "Web MQTT disconnecting client", ""),
	ends("Web MQTT disconnecting client with ID '{id}' ({quoted}) because credential expired", event.NotAuthorized, "Web MQTT disconnecting client", "credential expired"),
	ends("Web MQTT protocol error {reason} for connection {quoted}", event.InvalidParam, "Web MQTT protocol error", ""),
	ends("Web MQTT connection {quoted} failed to handle queue event: {reason}", event.Unexplained, "Web MQTT connection failed to handle queue event", ""),

	says("MQTT connection {conn} is closing due to an authentication failure", refused),
	says("MQTT cannot accept connection {conn}{reason}", refused),
	says("MQTT connection {conn} failed to establish because {reason}", refused),
	says("Rejected MQTT connection {conn} with CONNACK return code {reason}", refused),
	says("Rejected MQTT connection {conn} with Connect Reason Code {reason}", refused),
	says("Rejected Web MQTT connection {conn}: {reason}", refused),

	// The first four precede the sentence about a refusal. The others are about connections whose
	// client identifier is not in the log. Up to 3.11, RabbitMQ never logs it for Web MQTT.
	says("MQTT login failed{reason}", unrelated),
	says("MQTT connection failed: {reason}", unrelated),
	says("MQTT cannot accept a connection: {reason}", unrelated),
	says("MQTT cannot start a clean session: {reason}", unrelated),
	says("MQTT detected duplicate connect/login attempt {reason}", unrelated),
	says("MQTT resource access refused: {reason}", unrelated),
	says("MQTT topic access refused: {reason}", unrelated),
	says("MQTT detected TLS {reason}", unrelated),
	says("closing MQTT connection {quoted} (login timeout)", unrelated),
	says("closing Web MQTT connection {quoted} ({reason} timeout)", unrelated),
	says("accepting Web MQTT connection {pid} ({conn})", unrelated),
	says("Accepting Web MQTT connection {conn}", unrelated),
	says("closing Web MQTT connection {pid} ({conn})", unrelated),
	says("MQTT protocol error {reason} for connection {quoted}", unrelated),
	says("MQTT detected framing error {reason} for connection {quoted}", unrelated),
	says("Web MQTT: {reason}", unrelated),

	stops("RabbitMQ is asked to stop...", broker.BrokerStopped),
	stops("VMware Tanzu RabbitMQ is asked to stop...", broker.BrokerStopped),
	stops("SIGTERM received - shutting down{reason}", broker.BrokerStopped),
	stops("\n Starting {reason}", broker.BrokerStarted),
}

func connects(text, native string, isLatin1 bool) sentence {
	return sentence{pattern: newPattern(text), kind: opened, action: event.Connect, info: event.Accepted, event: native, isLatin1: isLatin1}
}

func ends(text string, info event.ActionInfo, native, reason string) sentence {
	return sentence{pattern: newPattern(text), kind: ended, action: event.Close, info: info, event: native, reason: reason}
}

func says(text string, k kind) sentence { return sentence{pattern: newPattern(text), kind: k} }

func stops(text, native string) sentence {
	return sentence{pattern: newPattern(text), kind: stopped, event: native}
}

// isAboutConnection reports whether a message begins like one about MQTT and names a connection. If
// such a message is not one of the sentences, it cannot be read.
func isAboutConnection(message string) bool {
	if !strings.Contains(message, " -> ") {
		return false
	}
	for _, opening := range openings {
		if strings.HasPrefix(message, opening) {
			return true
		}
	}
	return false
}

// openings lists the beginnings of messages about MQTT connections.
var openings = []string{
	"accepting MQTT ", "accepting Web MQTT ", "Accepted MQTT ", "Accepted Web MQTT ", "Accepting Web MQTT ",
	"closing MQTT ", "closing Web MQTT ", "MQTT ", "Web MQTT ", "Rejected MQTT ", "Rejected Web MQTT ",
	"Unparseable MQTT ", "keepalive timeout in Web MQTT ", "keepalive error in Web MQTT ",
}
