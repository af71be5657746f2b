package traceapi

import (
	"context"
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

// maxEvents is the maximum number of events that a request with a budget passes to a fold. It limits
// the time of the request: a list of days takes 2 to 4 µs for each event.
const maxEvents = 1_000_000

// fold consumes a device's events, newest first.
type fold interface {
	// Add adds the next older event and returns false. If neither e nor older events are needed, Add
	// ignores e and returns true.
	Add(e *event.Event) (done bool)
	// Settled reports whether no older events are needed. All events at or after from must have
	// been added.
	Settled(from time.Time) bool
	// Bytes returns the approximate memory that the fold takes, in bytes.
	Bytes() int64
}

// past is the part of a device's past that has been read into a fold.
type past struct {
	account
	api    api
	device device
	from   time.Time // the start of the part: the fold needs no more events at or after it
	events int       // the number of events that the fold has received
	// isCut means that the fold needs older events, but must not get them. Either it takes more than
	// api.turnBytes of memory, or the budget or api.maxEvents is used up.
	isCut bool
	// turn is the slot that allows the request to use api.turnBytes.
	turn slot
}

// readPast reads the device's events into f, newest first. It reads the range of r, and then older
// days while f needs them. The result is never nil. The caller must release past.turn when f is no
// longer used, even after an error.
func (a api) readPast(ctx context.Context, d device, r reach, f fold) (*past, error) {
	p := &past{api: a, device: d, from: r.to.Add(time.Millisecond), account: newAccount(false), turn: slot{of: a.turn}}
	q := r.request(d)
	for {
		last, err := p.read(ctx, q, r, f)
		if last == nil || err != nil {
			return p, err
		}
		if p.turn.held || p.isExhausted(r) { // waiting would not help
			p.isCut = !f.Settled(p.from)
			return p, nil
		}
		// Do not wait before the stream is closed. The request that has api.turn may need the memory
		// that the stream took.
		if err := p.turn.await(ctx); err != nil {
			return p, err
		}
		q.Cursor, q.From, q.Budget = query.CursorAfter(last), earlier(q.From, startOfDay(last.Time)), r.budget.Minus(p.receipt)
	}
}

// read passes the events that match q to f, and then older ones, until f needs no older events or
// drain stops. It returns the event at which drain stopped, or nil.
func (p *past) read(ctx context.Context, q query.Request, r reach, f fold) (last *event.Event, err error) {
	s, err := p.api.open(ctx, q)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	for {
		var done, more bool
		if last, done, err = p.drain(ctx, s, r, f); done {
			break
		}
		if more, err = s.Extend(ctx, r.next(p.from)); !more {
			p.isCut = s.Cut()
			break
		}
	}
	p.account.add(ctx, s.Result())
	return last, err
}

// drain passes the events of a stream to f. done reports whether not to read further: after an
// error, if f needs no older events, or if f must not get more events yet. In the last case, drain
// has stopped, and returns the last event that it passed to f.
func (p *past) drain(ctx context.Context, s stream, r reach, f fold) (last *event.Event, done bool, err error) {
	for e, err := range s.Events(ctx) {
		if err != nil {
			return nil, true, err
		}
		if f.Add(e) {
			p.from = startOfDay(e.Time)
			return nil, true, nil
		}
		p.events++
		if p.isFull(f) || p.isExhausted(r) {
			p.from = e.Time.Add(time.Millisecond)
			return e, true, nil
		}
	}
	p.from = s.From()
	return nil, f.Settled(p.from), nil
}

// isFull reports whether f takes more memory than the request may use at the moment. It takes the
// slot of api.turn if f needs it and the slot is free.
func (p *past) isFull(f fold) bool {
	bytes := f.Bytes()
	return bytes > freeBytes && !p.turn.take() || bytes > p.api.turnBytes
}

// isExhausted reports whether f has received as many events as a request with a budget may read.
func (p *past) isExhausted(r reach) bool {
	return r.budget != query.Budget{} && p.events >= p.api.maxEvents
}

// absence returns the absence of the device's instance, or nil; see account.absence.
func (p *past) absence(ctx context.Context, may permission) (*absence, error) {
	return p.account.absence(ctx, p.api, may, p.device.instanceID)
}
