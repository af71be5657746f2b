package history

import "devicetrace/pkg/event"

// tcpClean is ApsaraMQ's word for an end without DISCONNECT, and comes after a
// DISCONNECT, too.
const tcpClean = "tcpclean"

// refusing are the native events that only a refused CONNECT causes.
var refusing = map[string]bool{
	"client.connack":              true, // EMQX 5 and 6
	"client.check_authn_complete": true,
	"client_connack":              true, // EMQX 4, NanoMQ
	"connect_failed":              true, // AWS IoT Core
	"connack":                     true, // a hook in the broker
}

// ending are the native events that only the end of an accepted connection causes,
// whatever its reason.
var ending = map[string]bool{
	"client.disconnected": true, // EMQX 5 and 6
	"client_disconnected": true, // EMQX 4, NanoMQ
	"disconnected":        true, // AWS IoT Core
	tcpClean:              true, // ApsaraMQ
	"on_client_offline":   true, // VerneMQ
	"on_client_gone":      true,
	"disconnect":          true, // ApsaraMQ, a hook in the broker

	"Microsoft.EventGrid.MQTTClientSessionDisconnected": true, // Azure Event Grid
}

// mute are the native events that say that a connection ended and never why.
var mute = map[string]bool{
	tcpClean:            true,
	"on_client_offline": true,
	"on_client_gone":    true,
}

func isRefusing(e *event.Event) bool { return e.Action == event.Close && refusing[e.NativeEvent] }

// isEnding reports whether e cannot be a refusal. Mosquitto has one form of line for
// both.
func isEnding(e *event.Event) bool {
	return e.Action == event.Disconnect || ending[e.NativeEvent] && e.Source != "mosquitto"
}

// isMute reports whether the source does not tell why. NanoMQ calls every end normal, EMQX
// those of WebSocket an internal error.
func isMute(e *event.Event) bool {
	return e.Action == event.Close && (mute[e.NativeEvent] ||
		e.Source == "nanomq" && e.NativeEvent == "client_disconnected" || e.Source == "emqx" && e.NativeReason == "internal_error")
}

// hidesTakeover reports whether e may be the end of what was taken over and says nothing of it.
// NanoMQ and VerneMQ tell that end as often just after the connect that caused it as before.
func hidesTakeover(e *event.Event) bool { return isMute(e) && e.Source != "emqx" }

func isConnect(e *event.Event) bool {
	return e.Action == event.Connect && (e.ActionInfo == event.Accepted || e.ActionInfo == "")
}

// isRefusal reports whether e alone tells that it is one. A connect with another info
// than accepted is how some sources put it.
func isRefusal(e *event.Event) bool {
	return isRefusing(e) || e.Action == event.Connect && !isConnect(e)
}

func isEnd(e *event.Event) bool {
	return e.Action == event.Close || e.Action == event.Disconnect
}

// mayBeRefusal reports whether e, of a connection that is not on record, tells of a
// refused CONNECT rather than of the end of a connection. The end of an accepted
// one often tells when it was accepted. Not authorized is nearly always a refusal.
// The others can as well be the end of a connection that began before what is
// known, so offline says whether the client is known to have been offline.
func mayBeRefusal(e *event.Event, offline bool) bool {
	if isEnding(e) || !e.ConnectedAt.IsZero() {
		return false
	}
	switch e.ActionInfo {
	case event.NotAuthorized:
		return true
	case event.InvalidParam, event.ServerShutdown, event.TopicAuthFailed: // the last one of a will message
		return offline
	default:
		return false
	}
}

// telling ranks rows about one end: the higher, the more it says.
func telling(e *event.Event) int {
	switch {
	case isMute(e):
		return 0
	case e.Action == event.Disconnect:
		return 3
	case e.ActionInfo == event.ClosedByClient, e.ActionInfo == event.SocketIOException:
		return 1
	default:
		return 2
	}
}
