package traceapi

import (
	"context"
	"fmt"
	"iter"
	"time"

	"devicetrace/pkg/event"
	"devicetrace/pkg/query"
)

// fixed is a stream with a fixed result. err is the error that follows the events.
type fixed struct {
	result query.Result
	err    error
	from   time.Time
	closed bool
}

func (f *fixed) Events(context.Context) iter.Seq2[*event.Event, error] {
	return func(yield func(*event.Event, error) bool) {
		var e event.Event // overwritten by the next event, as in a query.Stream
		for _, e = range f.result.Events {
			if !yield(&e, nil) {
				return
			}
		}
		if f.err != nil {
			yield(nil, f.err)
		}
	}
}

func (f *fixed) Result() query.Result {
	result := f.result
	result.Events, result.NextCursor = nil, ""
	return result
}

func (f *fixed) Close() { f.closed = true }

func (f *fixed) From() time.Time { return f.from }
func (f *fixed) Cut() bool       { return false }

func (f *fixed) Extend(context.Context, time.Time) (bool, error) { return false, nil }

// generated is a stream of n events of a device, newest first and a millisecond apart. Each end of
// a connection is followed by the connect that began the connection.
type generated struct {
	fixed
	n       int
	newest  time.Time
	q       query.Request
	still   bool          // whether all events have the same time
	pause   time.Duration // before each event
	at      *int          // counts the events of all streams if it is not nil
	yielded int
}

func (g *generated) Events(context.Context) iter.Seq2[*event.Event, error] {
	return func(yield func(*event.Event, error) bool) {
		passed := g.q.Cursor == ""
		for i := range g.n {
			e := g.event(i)
			switch {
			case e.Time.After(g.q.To) || e.Time.Before(g.q.From):
			case !passed:
				passed = query.CursorAfter(&e) == g.q.Cursor
			default:
				time.Sleep(g.pause)
				g.count()
				if !yield(&e, nil) {
					return
				}
			}
		}
	}
}

func (g *generated) event(i int) event.Event {
	e := happened(fmt.Sprint("channel", i/2), event.Close, 0, "00:00:00")
	e.SourceEventID = fmt.Sprint(i)
	if i%2 == 1 {
		e.Action, e.ActionInfo, e.NativeEvent = event.Connect, event.Accepted, "connect"
	}
	if e.Time = g.newest; !g.still {
		e.Time = e.Time.Add(-time.Duration(i) * time.Millisecond)
	}
	return e
}

func (g *generated) count() {
	g.yielded++
	if g.at != nil {
		*g.at++
	}
}
