package traceapi

import (
	"context"
	"slices"
	"time"

	"devicetrace/pkg/event"
	"devicetrace/pkg/query"
)

const (
	// freeBytes is the memory, in bytes, that any request may use for a device's events without the
	// slot of api.turn. A request that needs more must wait for the slot.
	freeBytes = 1 << 20
	// turnBytes is the memory, in bytes, that the request with that slot may use instead.
	turnBytes = 128 << 20
)

// fold consumes a device's events, newest first.
type fold interface {
	// Add adds the next older event and returns false. If neither the event nor older events are
	// needed, Add ignores e and returns true.
	Add(e *event.Event) (done bool)
	// Settled reports whether no older events are needed. All events at or after from must have
	// been added.
	Settled(from time.Time) bool
	// Bytes returns the approximate memory that the fold takes, in bytes.
	Bytes() int64
}

// past is the part of a device's past that has been read into a fold. It grows backwards by whole
// UTC days, because a partition holds one day.
type past struct {
	api        api
	device     device
	from       time.Time // the start of the part
	receipt    query.Receipt
	objects    map[string]bool // the keys of the objects that were read
	unreadable []query.Unreadable
	// hasSegments means that one of the partitions contains a segment. noLayout means that the
	// bucket has no layout marker.
	hasSegments, noLayout bool
	// full means that reading stopped before the fold was settled, because the fold used more than
	// api.turnBytes of memory.
	full bool
	// turn is the slot that allows the request to use api.turnBytes.
	turn slot
}

// readPast reads the device's events into f, newest first. It first reads the events in the range
// [startOfDay(from), to]. While f needs older events, it reads one more day, then two, four and so
// on, but nothing before limit. The caller must release past.turn when f is no longer used, even
// after an error.
func (a api) readPast(ctx context.Context, d device, from, to, limit time.Time, f fold) (*past, error) {
	p := &past{api: a, device: d, from: to.Add(time.Millisecond), objects: map[string]bool{}, turn: slot{of: a.turn}}
	start := startOfDay(from)
	for days := 1; ; days *= 2 {
		done, err := p.extend(ctx, start, f)
		if err != nil || done || f.Settled(p.from) || !p.from.After(limit) {
			return p, err
		}
		start = later(p.from.AddDate(0, 0, -days), limit)
	}
}

// extend reads the events in the range [from, p.from) into f, and moves p.from back to from. If f
// takes too much memory, extend stops early, and p.from becomes the time of the last event that it
// read. done reports whether older events are not needed or must not be read.
func (p *past) extend(ctx context.Context, from time.Time, f fold) (done bool, err error) {
	q := query.Request{
		InstanceID: p.device.instanceID, ClientID: p.device.clientID,
		From: from, To: p.from.Add(-time.Millisecond), Descending: true,
		Explain: true, // see count
	}
	for {
		last, done, err := p.read(ctx, q, f)
		if last == nil || err != nil {
			p.from = from
			return done, err
		}
		if p.turn.held {
			p.full, p.from = !f.Settled(last.Time.Add(time.Millisecond)), last.Time
			return true, nil
		}
		// Do not wait before the stream is closed. The request that has api.turn may need the memory
		// that the stream took.
		if err := p.turn.await(ctx); err != nil {
			return false, err
		}
		q.Cursor = query.CursorAfter(last)
	}
}

// read passes the events that match q to f. done reports whether f needs no older events. If f
// takes too much memory, read stops and returns the last event that it passed to f. Otherwise, last
// is nil.
func (p *past) read(ctx context.Context, q query.Request, f fold) (last *event.Event, done bool, err error) {
	s, err := p.api.open(ctx, q)
	if err != nil {
		return nil, false, err
	}
	defer s.Close()
	for e, err := range s.Events(ctx) {
		if err != nil {
			return nil, false, err
		}
		if done = f.Add(e); done {
			break
		}
		if f.Bytes() > freeBytes && !p.turn.take() || f.Bytes() > p.api.turnBytes {
			last = e
			break
		}
	}
	result := s.Result()
	reportUnreadable(ctx, result)
	p.count(result)
	p.unreadable = append(p.unreadable, result.Unreadable...)
	p.hasSegments, p.noLayout = p.hasSegments || !result.NoSegments, result.NoLayout
	return last, done, nil
}

// count adds the cost of a stream to p.receipt. If the request has waited for api.turn, the stream
// reads partitions and objects again, but the receipt must count each of them only once.
func (p *past) count(result query.Result) {
	for _, step := range result.Steps {
		if step.Bytes > 0 { // only reads have bytes
			p.objects[step.Key] = true
		}
	}
	p.receipt = p.receipt.Plus(result.Receipt)
	p.receipt.Objects = len(p.objects)
	slices.Sort(p.receipt.Partitions)
	p.receipt.Partitions = slices.Compact(p.receipt.Partitions)
}

// absence is like api.absenceOf. It adds the cost to p.receipt.
func (p *past) absence(ctx context.Context, may permission) (*absence, error) {
	result := query.Result{Receipt: p.receipt, NoSegments: !p.hasSegments, NoLayout: p.noLayout}
	absent, err := p.api.absenceOf(ctx, may, p.device.instanceID, &result)
	p.receipt = result.Receipt
	return absent, err
}

func startOfDay(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }
