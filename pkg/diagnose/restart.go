package diagnose

import (
	"slices"
	"strings"

	"devicetrace/pkg/history"
)

// restartCount ends by the broker are a restart even where the client came back to
// the same node, or no node is known.
const restartCount = 2

// notRestarts are native reasons of ends by the broker, as wordOfReason spells them, that
// concern one client (an operator's kick, a limit of a connection's age), or say no more
// than that the broker was not well.
var notRestarts = map[string]bool{
	"kicked":                   true, // EMQX
	"administrative_action":    true,
	"maximum_connect_time":     true, // MQTT 5.0, reason code 0xA0
	"api_initiated_disconnect": true, // AWS IoT Core
	"websocket_ttl_expiration": true,

	"server_busy":       true,
	"unspecified_error": true,
	"unknown_error":     true, // EMQX
	"out_of_memory":     true, // Mosquitto
	"server_error":      true, // AWS IoT Core
	"servererror":       true, // Azure Event Grid
}

// wordOfReason is a native reason as one word: brokers write "Server busy" and "server_busy".
func wordOfReason(native string) string {
	return strings.ReplaceAll(strings.ToLower(native), " ", "_")
}

// brokerRestart finds ends by the broker that were followed by a connection on another
// node, or came more than once. What a timer ends needs no restart.
func (r *record) brokerRestart() *finding {
	timed := r.timed()
	var found []succession
	for i := range r.Connections {
		c := &r.Connections[i]
		if c.Kind == history.Server && !notRestarts[wordOfReason(c.NativeReason)] && !timed[c] {
			found = append(found, r.succession(i))
		}
	}
	if len(found) < restartCount && !slices.ContainsFunc(found, succession.moved) {
		return nil
	}
	return ofMoves(found)
}
