package diagnose

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
	f, moved := &finding{}, false
	for i := range r.connections {
		c, next := &r.connections[i], r.next(i)
		if c.Kind == Server && !notRestarts[c.NativeReason] {
			f.count++
			f.evidence = append(f.evidence, endOf(c, movedTo(c, next)...))
			moved = moved || onAnotherNode(c, next)
		}
	}
	if f.count < restartCount && !moved {
		return nil
	}
	return f
}
