package brokerlog

import (
	"regexp"
	"strings"

	"devicetrace/pkg/event"
)

// crashOpening begins the message about the crash of an Erlang process.
const crashOpening = "** Generic server "

// crashState matches the state of the crashed process of an MQTT connection, up to the connection's
// name. RabbitMQ 3.10 and 3.11 print it so if the connection does not use TLS. Erlang writes no line
// break within a text, so nothing that a client sent matches. Later versions print what the client
// chose before the name.
var crashState = regexp.MustCompile(`\n\*\* When Server state == \{state,#Port<[0-9.]+>,\s*"`)

// crashed returns the name of the connection whose process crashed, according to a message. It returns
// "" if the message is about anything else.
func (m *rabbitEvents) crashed() string {
	if !m.isFine || !strings.HasPrefix(m.text, crashOpening) {
		return ""
	}
	at := crashState.FindStringIndex(m.text)
	if at == nil {
		return ""
	}
	conn, rest, _ := cutConnection(m.text[at[1]:])
	if !strings.HasPrefix(rest, `"`) {
		return ""
	}
	return conn
}

// crash adds the event for a connection whose process crashed, if it is open. The message does not say
// why it crashed in words that could be an action info.
func (r *rabbitMQ) crash(m *rabbitEvents, conn string) {
	c := r.open.remove(conn)
	if c == nil {
		return
	}
	e := c.row(conn)
	e.Action, e.ActionInfo, e.NativeEvent = event.Close, event.Unexplained, "Generic server terminating"
	e.NativeReason, _, _ = strings.Cut(m.text, "\n")
	m.add(e)
}
