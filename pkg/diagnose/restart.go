package diagnose

import "slices"

// restartCount ends by the broker are a restart even where the client came back to
// the same node, or no node is known.
const restartCount = 2

// notRestarts are native reasons of ends by the broker that concern one client: an
// operator's kick, or a limit of a connection's age.
var notRestarts = map[string]bool{
	"kicked":                   true, // EMQX
	"administrative_action":    true,
	"administrative action":    true, // Mosquitto
	"maximum_connect_time":     true, // MQTT 5.0, reason code 0xA0
	"API_INITIATED_DISCONNECT": true, // AWS IoT Core
	"WEBSOCKET_TTL_EXPIRATION": true,
}

// brokerRestart finds ends by the broker that were followed by a connection on another
// node, or came more than once.
func (r *record) brokerRestart() *finding {
	var found []succession
	for i := range r.connections {
		if c := &r.connections[i]; c.Kind == Server && !notRestarts[c.NativeReason] {
			found = append(found, r.succession(i))
		}
	}
	if len(found) < restartCount && !slices.ContainsFunc(found, succession.moved) {
		return nil
	}
	return &finding{count: len(found), evidence: movesOf(found)}
}
