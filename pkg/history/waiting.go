package history

import "devicetrace/pkg/event"

// maxWaitingBytes is the maximum memory, in bytes, of the logs of the parts that wait. If the logs
// take more, waiting drops logs of days that have only refusals, newest first.
const maxWaitingBytes = 16 << 20

// waiting is a queue of parts, newest first. Each part waits until the client's status at its start
// is settled. Like a Search, waiting keeps the older events that may still decide the status. It
// keeps each of them only once, no matter how many parts wait, and checks only the status before
// the newest part. The zero value is an empty queue.
type waiting struct {
	parts  []*part
	bytes  int64     // the memory of the logs of the parts, in bytes
	before statusLog // the events before the newest part
}

// push adds a part to the queue. The part must be older than all parts in the queue, and all its
// events must have been added.
func (w *waiting) push(p *part) {
	w.parts = append(w.parts, p)
	w.bytes += p.log.Bytes()
	w.dropRefusals()
}

// dropRefusals drops logs of days that have only refusals until all logs together take at most
// maxWaitingBytes, or no such log is left.
func (w *waiting) dropRefusals() {
	for i := 0; i < len(w.parts) && w.bytes > maxWaitingBytes; i++ {
		p := w.parts[i]
		w.bytes -= p.log.Bytes()
		p.dropRefusals()
		w.bytes += p.log.Bytes()
	}
}

// pop removes the newest part from the queue and returns it.
func (w *waiting) pop() *part {
	p := w.parts[0]
	w.parts[0] = nil // releases the memory of the part
	w.parts = w.parts[1:]
	w.bytes -= p.log.Bytes()
	w.before.check, w.before.began = 0, 0 // only events before the next part decide the status before it
	for _, older := range w.parts {
		w.before.began = max(w.before.began, older.began)
	}
	if len(w.parts) == 0 {
		*w = waiting{} // releases the memory of before
	}
	return p
}

// add adds e, the next older event, whose meaning is m. It ignores e if no part waits.
func (w *waiting) add(e *event.Event, m *meaning) {
	if len(w.parts) == 0 {
		return
	}
	oldest := w.parts[len(w.parts)-1]
	oldest.began = max(oldest.began, m.startIn(e))
	w.before.add(e, m)
}

// notice records that the next older event is at t.
func (w *waiting) notice(t Instant) {
	for i := len(w.parts) - 1; i >= 0 && w.parts[i].newestBefore.IsZero(); i-- {
		w.parts[i].newestBefore = t
	}
}

// isDue reports whether it is time to check if the status just before the newest part is settled.
// The caller is about to add an event at t.
func (w *waiting) isDue(t Instant) bool { return len(w.parts) > 0 && w.before.isDue(t) }

// status returns the status just before the newest part according to the events at or after an
// instant. All of these events must have been added.
func (w *waiting) status(from Instant) Status {
	p := w.parts[0]
	return w.before.status(from, p.first-1, p.newestBefore)
}
