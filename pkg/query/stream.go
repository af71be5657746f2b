package query

import (
	"context"
	"iter"
	"time"

	"devicetrace/pkg/event"
	"devicetrace/pkg/segment"
)

// Stream yields the events that match a request. It keeps only a small part of the events in memory
// and reads more objects as needed. It is not safe for concurrent use.
type Stream struct {
	reading *reading
	after   *position // the position of the request's cursor; nil: all remaining rows come after it
	event   event.Event
}

// Stream returns the events that match a request, one by one. It ignores the request's Limit. The
// caller must close the stream.
//
// A stream may wait for memory, and holds memory until it is closed. A goroutine must therefore
// close a stream before it opens another one. Otherwise, it could wait forever.
//
// Stream makes the same requests as Trace, and returns the same errors. If the client has many
// events, however, the stream makes some requests only when the caller reaches the events, and
// Events then yields their errors.
func (r *Reader) Stream(ctx context.Context, q Request) (*Stream, error) {
	q.ClientID = q.ClientID.Stored()
	after, err := parseCursor(q.Cursor)
	if err != nil {
		return nil, err
	}
	n, err := r.openStream(ctx, r.newMeter(q.Explain, q.Budget), q.from(after))
	if err != nil {
		n.close()
		return nil, err
	}
	return &Stream{reading: n, after: after}, nil
}

// from returns the request with a range that begins at the position's time, in the order of the
// stream. If after is nil, it returns the request unchanged.
func (q Request) from(after *position) Request {
	if after == nil {
		return q
	}
	at := time.UnixMilli(after.time).UTC()
	switch {
	case q.Descending && at.Before(q.To):
		q.To = at
	case !q.Descending && at.After(q.From):
		q.From = at
	}
	return q
}

// Events returns an iterator over the remaining events. An event is valid only until the iterator
// yields the next one. If the iterator yields an error, the event is nil and the iteration ends.
func (s *Stream) Events(ctx context.Context) iter.Seq2[*event.Event, error] {
	return func(yield func(*event.Event, error) bool) {
		q := &s.reading.request
		for {
			row, err := s.reading.next(ctx)
			if err = s.reading.cutBy(err); err != nil {
				yield(nil, err)
				return
			}
			if row == nil {
				return
			}
			// The reading has already dropped duplicates. Copies of an event may differ in action and
			// action_info, so filters applied earlier could keep the wrong copy.
			if s.skips(row) || q.filteredOut(row) {
				continue
			}
			s.event = row.Event(q.InstanceID)
			if !yield(&s.event, nil) {
				return
			}
		}
	}
}

// skips reports whether the stream must skip a row because it does not come after the position
// s.after. It must be called for every row, in order. As soon as all remaining rows come after the
// position, skips sets s.after to nil. If the event at the position no longer exists, all rows at
// its time are skipped.
func (s *Stream) skips(row *segment.Row) bool {
	if s.after == nil {
		return false
	}
	skip := row.Time == s.after.time
	if !skip || *s.after == positionOf(row) {
		s.after = nil
	}
	return skip
}

// Result returns the result so far, without Events and NextCursor.
func (s *Stream) Result() Result {
	n := s.reading
	result := Result{
		Receipt:    n.store.receipt(n.partitions),
		Steps:      n.store.steps,
		NoLayout:   n.layout.Shards == 0,
		NoSegments: len(n.older) == 0 && !n.isCut,
	}
	for _, p := range n.partitions {
		result.NoSegments = result.NoSegments && len(p.runs) == 0
		result.Unreadable = append(result.Unreadable, p.unreadable()...)
	}
	return result
}

// Close releases the stream's memory. It may be called more than once.
func (s *Stream) Close() { s.reading.close() }
