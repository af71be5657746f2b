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

// endOf derives the end from the cause that the broker gave when it stopped the client, or,
// without a cause, from the error that ended the reading from the client. The reason code
// of the result is the broker's internal code, which MQTT 3 clients never receive.
//
//	cause                                     action      info
//	code below 0x80                           disconnect  disconnected by client
//	code of 0x80 and above                    close       by the code
//	timeout of the connection's deadline      close       no heart
//	end of file                               close       closed by client
//	closed by us                              close       ServerShutdown
//	other errors of the network, or none      close       Socket IOException
//	anything else: words of the parser        close       invalid param
func endOf(cause, err error) end {
	if cause == nil {
		cause = err
	}
	var code packets.Code
	var network net.Error
	switch {
	case cause == nil:
		return end{action: event.Close, info: event.SocketIOException}
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

// withoutAddresses returns the text of an error without the addresses, for which events
// have fields of their own.
func withoutAddresses(err error) string {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err.Error()
	}
	return err.Error()
}
