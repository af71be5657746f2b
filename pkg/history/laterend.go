package history

import (
	"slices"

	"devicetrace/pkg/event"
)

// LaterEnd describes the end of a connection that ended after the span of a History. The rest of
// the History ignores this end, because it describes the client as of the end of the span.
type LaterEnd struct {
	Time  Instant `json:"time"`
	EndIs EndIs   `json:"end_is"` // Reported or Inferred
	Kind  Kind    `json:"kind"`
	// The words below describe the reported end. They are empty if no end was reported.
	Action       event.Action     `json:"action"`
	ActionInfo   event.ActionInfo `json:"action_info"`
	NativeReason string           `json:"native_reason"`
}

// pairUntil is like pair, but also sets EndedLater of the open connection if an event up to the
// time given by later shows how it ended. To find that event, pairUntil pairs all events up to that
// time again, because an end event after the span may belong to another connection.
func pairUntil(events *Log, from, to, later Instant, earlier *Connection) pairs {
	if later <= to {
		return pair(events, from, to, earlier) // the log can then be freed during the call
	}
	p := pair(events, from, to, earlier)
	if open := p.open(); open != nil {
		open.EndedLater = pair(events, from, later, earlier).endOf(open, to)
	}
	return p
}

// open returns the open connection, or nil if there is none.
func (p pairs) open() *Connection {
	i := slices.IndexFunc(p.drafts, func(d *draft) bool { return d.EndIs == Open })
	if i < 0 {
		return nil
	}
	return &p.drafts[i].Connection
}

// endOf returns the end of a connection if p contains it and it is after the given instant.
// Otherwise, it returns nil.
func (p pairs) endOf(c *Connection, after Instant) *LaterEnd {
	for _, d := range p.drafts {
		if d.ChannelID == c.ChannelID && d.Start == c.Start && d.End > after {
			return &LaterEnd{d.End, d.EndIs, d.Kind, d.Action, d.ActionInfo, d.NativeReason}
		}
	}
	return nil
}
