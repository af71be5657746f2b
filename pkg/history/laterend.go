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

// addLaterEnd sets EndedLater of the open connection, if there is one, and if the events up to the
// given instant show that it ended. events and before are as in Of.
func (h *History) addLaterEnd(events *Log, later Instant, before Status) {
	open := h.open()
	if open == nil || later <= At(h.Span.To) {
		return
	}
	open.EndedLater = h.laterEnd(open, events, later, before)
	if h.Status.Connection != nil { // a copy of open
		h.Status.Connection.EndedLater = open.EndedLater
	}
}

// open returns the open connection, or nil if there is none.
func (h *History) open() *Connection {
	i := slices.IndexFunc(h.Connections, func(c *Connection) bool { return c.EndIs == Open })
	if i < 0 {
		return nil
	}
	return h.Connections[i]
}

// laterEnd returns the end of an open connection, or nil if it is not known. It pairs all events
// again, because an end event after the span may also belong to another connection.
func (h *History) laterEnd(open *Connection, events *Log, later Instant, before Status) *LaterEnd {
	p := pair(events, At(h.Span.From), later, before.Connection)
	for _, d := range p.drafts {
		if d.ChannelID == open.ChannelID && d.Start == open.Start && d.End > At(h.Span.To) {
			return &LaterEnd{d.End, d.EndIs, d.Kind, d.Action, d.ActionInfo, d.NativeReason}
		}
	}
	return nil
}
