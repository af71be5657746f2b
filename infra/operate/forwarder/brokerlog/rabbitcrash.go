package brokerlog

import (
	"regexp"
	"strings"

	"devicetrace/pkg/event"
)

// crashOpening begins the message about the crash of an Erlang process.
const crashOpening = "** Generic server "

// crashState matches the state of the crashed process of an MQTT connection, up to the connection's
// name. RabbitMQ 3.10 and 3.11 print the state like this if the connection does not use TLS. Erlang
// prints no line break within a text, so nothing that a client sent can match. Later versions print the
// name after texts that the client chose, so the name cannot be found reliably.
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

// crash adds the event for a connection whose process crashed, if the connection is open. The cause is
// an error of the plugin, for which there is no action info.
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
