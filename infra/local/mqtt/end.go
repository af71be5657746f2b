package mqtt

import (
	"errors"
	"io"
	"net"

	"github.com/mochi-mqtt/server/v2/packets"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

// end says how a connection ended.
type end struct {
	action event.Action
	info   event.ActionInfo
	native string // the reason in the broker's own words
	code   event.Optional[int32]
}

// endOf works out how a connection ended. It looks at cause, the error with which the broker
// stopped the client. If cause is nil, endOf looks at err instead, the broker's read error.
//
//	error                             action      info
//	code below 0x80                   disconnect  disconnected by client
//	code 0x80 or above                close       depends on the code
//	connection deadline exceeded      close       no heart
//	end of file                       close       closed by client
//	connection closed by this broker  close       ServerShutdown
//	any other network error           close       Socket IOException
//	none: cause and err are both nil  close       unexplained
//	any other error, from the parser  close       invalid param
//
// If the code is 0x80 or above, the result contains it as the reason code, even for an MQTT 3
// client. Such a client never receives the code, but the broker uses it internally.
func endOf(cause, err error) end {
	if cause == nil {
		cause = err
	}
	var code packets.Code
	var network net.Error
	switch {
	case cause == nil:
		return end{action: event.Close, info: event.Unexplained}
	case errors.As(cause, &code) && code.Code < packets.ErrUnspecifiedError.Code:
		return end{action: event.Disconnect, info: event.DisconnectedByClient, native: cause.Error()}
	case errors.As(cause, &code):
		return end{event.Close, broker.ClosedByBroker(code.Code), cause.Error(), event.Some(int32(code.Code))}
	case errors.As(cause, &network) && network.Timeout():
		return closed(event.NoHeart, cause)
	case errors.Is(cause, io.EOF), errors.Is(cause, io.ErrUnexpectedEOF):
		return closed(event.ClosedByClient, cause)
	case errors.Is(cause, net.ErrClosed):
		return closed(event.ServerShutdown, cause)
	case errors.As(cause, &network):
		return closed(event.SocketIOException, cause)
	default:
		return closed(event.InvalidParam, cause)
	}
}

func closed(info event.ActionInfo, cause error) end {
	return end{action: event.Close, info: info, native: withoutAddresses(cause)}
}

// withoutAddresses returns an error's message without network addresses, because an event
// has its own fields for the client's address.
func withoutAddresses(err error) string {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err.Error()
	}
	return err.Error()
}
