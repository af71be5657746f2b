package broker

import "devicetrace/pkg/event"

// ending is what the reason of a connection's end means by a source's table. A reason
// that is not in it means Socket IOException. The action is disconnect where the client
// sent DISCONNECT, and close everywhere else.
func ending(reasons map[string]event.ActionInfo, native string) (event.Action, event.ActionInfo) {
	switch info, known := reasons[native]; {
	case !known:
		return event.Close, event.SocketIOException
	case info == event.DisconnectedByClient:
		return event.Disconnect, info
	default:
		return event.Close, info
	}
}
