package history

import "devicetrace/pkg/event"

// statusLog holds the events before an instant that may decide the client's status at this instant.
// These are the newest events that concern connections. The zero value is ready to use.
type statusLog struct {
	log   Log
	check int     // isDue returns false until log has this many events
	began Instant // the latest known start of a connection in log
}

// add adds e, the next older event, whose meaning is m. It ignores events that do not concern
// connections, so a flood of refusals uses no memory.
func (l *statusLog) add(e *event.Event, m *meaning) {
	if !m.concernsConnections() {
		return
	}
	l.began = max(l.began, m.startIn(e))
	l.log.NewestFirst = true
	l.log.Add(e)
}

// isDue reports whether it is time to check if the status is settled. The caller is about to add an
// event at t. It returns false unless t is more than a minute before the start of the newest
// connection. Events can be out of order by up to a minute, so some events of this connection may
// still be missing.
func (l *statusLog) isDue(t Instant) bool {
	return l.began.Sub(t) > maxDisorder && l.log.size >= l.check
}

// postpone makes isDue return false until the number of events has doubled. A check takes time in
// proportion to the number of events, so frequent checks would be slow.
func (l *statusLog) postpone() { l.check = 2 * l.log.size }

// status returns the status according to the events between from and to, both inclusive. newest is
// the time of the client's newest event at or before to. This event need not be in log.
func (l *statusLog) status(from, to, newest Instant) Status {
	p := pair(&l.log, from, to, nil)
	status := p.status(Status{})
	status.LastEventAt = newest
	return status
}
