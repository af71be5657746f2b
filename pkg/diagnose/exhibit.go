package diagnose

import (
	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
)

// endOf shows how a connection ended.
func endOf(c *history.Connection, more ...saying) exhibit {
	says := []saying{{text: beganUnknown}}
	if !c.Start.IsZero() && !c.End.IsZero() {
		says[0] = saying{lasted, values{"length": length(c.End.Sub(c.Start.Time))}}
	}
	says = append(says, cameFrom(c.PeerAddress)...)
	return exhibit{
		Evidence{Time: c.End, Action: c.Action, ActionInfo: c.ActionInfo, NativeReason: c.NativeReason},
		append(says, more...),
	}
}

// beginOf shows that a connection was accepted.
func beginOf(c *history.Connection) exhibit {
	says := []saying{{text: loginAccepted}}
	return exhibit{
		Evidence{Time: c.Start, Action: event.Connect, ActionInfo: event.Accepted},
		append(says, cameFrom(c.PeerAddress)...),
	}
}

// refusalOf shows that a CONNECT was refused.
func refusalOf(r *history.Refusal, more ...saying) exhibit {
	says := append([]saying{{text: loginRefused}}, cameFrom(r.PeerAddress)...)
	if r.Username != "" {
		says = append(says, saying{asUser, values{"username": verbatim(r.Username)}})
	}
	return exhibit{
		Evidence{Time: r.Time, Action: r.Action, ActionInfo: r.ActionInfo, NativeReason: r.NativeReason},
		append(says, more...),
	}
}

func cameFrom(address string) []saying {
	if address == "" {
		return nil
	}
	return []saying{{from, values{"address": verbatim(address)}}}
}

// keepAliveOf says what keep alive a connection had, if that is known.
func keepAliveOf(c *history.Connection) []saying {
	if !c.KeepAlive.Known {
		return nil
	}
	return []saying{{hadKeepAlive, values{"keep_alive": length(c.KeepAlive.Value)}}}
}

// endsOf shows the newest ends of connections that are in order of time.
func endsOf(connections []*history.Connection, more func(*history.Connection) []saying) []exhibit {
	var found []exhibit
	for _, c := range newest(connections) {
		found = append(found, endOf(c, more(c)...))
	}
	return found
}

func nothingMore(*history.Connection) []saying { return nil }

// refusalsOf shows the newest refusals of some in order of time.
func refusalsOf(refusals []*history.Refusal) []exhibit {
	var found []exhibit
	for _, r := range newest(refusals) {
		found = append(found, refusalOf(r))
	}
	return found
}
