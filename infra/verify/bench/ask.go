package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/query"
)

// question is the whole day of a device.
func question(d device) query.Request {
	return query.Request{InstanceID: event.InstanceID(d.instance), ClientID: event.ClientID(d.client), From: today, To: today.Add(24*time.Hour - time.Millisecond)}
}

// ask is a device's events.
func ask(ctx context.Context, reader *query.Reader, d device) ([]event.Event, error) {
	answer, err := reader.Trace(ctx, question(d))
	switch {
	case err != nil:
		return nil, err
	case len(answer.Unreadable) > 0:
		return nil, fmt.Errorf("unreadable: %v", answer.Unreadable)
	case len(answer.Events) == 0:
		return nil, fmt.Errorf("no events of %q", d.client)
	}
	return answer.Events, nil
}

// state is what a reader knows before it is asked.
type state string

const (
	// unborn knows nothing, as an instance of the function before its first question.
	unborn state = "first query of an instance"
	// cold knows the bucket's layout and no footer.
	cold state = "cold query"
	// warm knows the footers.
	warm state = "warm query"
)

// newReader knows nothing yet, but it is configured for the bucket.
func newReader(ctx context.Context, store query.Store) (*query.Reader, error) {
	l, err := layout.Find(ctx, store)
	if err != nil {
		return nil, err
	}
	return query.New(store, query.Config{Shards: l.Shards})
}

// readerIn is a reader in a state, of which a device's partition is known.
func readerIn(ctx context.Context, s state, store query.Store, d device) (*query.Reader, error) {
	reader, err := newReader(ctx, store)
	if err != nil || s == unborn {
		return reader, err
	}
	q := question(d)
	if s == cold { // the day before has its partition, which is empty
		q.From, q.To = q.From.AddDate(0, 0, -1), q.To.AddDate(0, 0, -1)
	}
	_, err = reader.Trace(ctx, q)
	return reader, err
}

// queryCost is what queries ask of the store.
type queryCost struct {
	requests, rounds int   // the most of any
	bytes            int64 // all but one in a hundred
	meanRequests     float64
	meanBytes        float64
}

// costOf asks for each device in a state: the requests and bytes of all, the round
// trips of the first few.
func costOf(ctx context.Context, s state, store objstore.Store, devices []device) (queryCost, error) {
	counting := objstore.NewCounting(store)
	var c queryCost
	var bytes []int64
	for _, d := range devices {
		reader, err := readerIn(ctx, s, counting, d)
		if err != nil {
			return c, err
		}
		counting.Reset()
		if _, err := ask(ctx, reader, d); err != nil {
			return c, err
		}
		_, read := counting.Bytes()
		bytes = append(bytes, read)
		c.requests = max(c.requests, counting.Requests())
		c.meanRequests += float64(counting.Requests()) / float64(len(devices))
		c.meanBytes += float64(read) / float64(len(devices))
	}
	slices.Sort(bytes)
	c.bytes = bytes[len(bytes)*99/100]
	var err error
	c.rounds, err = roundsOf(ctx, s, store, some(devices, 20))
	return c, err
}

// roundsOf is the most round trips in sequence. On a busy machine the gate may take one
// for two, so each question is asked three times and the least counts.
func roundsOf(ctx context.Context, s state, store objstore.Store, devices []device) (most int, err error) {
	for _, d := range devices {
		least := 0
		for try := range 3 {
			g := newGate(store)
			reader, err := readerIn(ctx, s, g, d)
			if err != nil {
				return 0, err
			}
			g.take()
			if _, err := ask(ctx, reader, d); err != nil {
				return 0, err
			}
			if n := g.take(); try == 0 || n < least {
				least = n
			}
		}
		most = max(most, least)
	}
	return most, nil
}

// timeWarm asks for every device twice and times the second time, one question after
// the other.
func timeWarm(ctx context.Context, store query.Store, devices []device) (timing, error) {
	reader, err := newReader(ctx, store)
	if err != nil {
		return timing{}, err
	}
	for _, d := range devices {
		if _, err := ask(ctx, reader, d); err != nil {
			return timing{}, err
		}
	}
	return timeEach(len(devices), func(i int) error {
		_, err := ask(ctx, reader, devices[i])
		return err
	})
}

// timeFirst asks each question of a new reader.
func timeFirst(ctx context.Context, store query.Store, devices []device) (timing, error) {
	readers := make([]*query.Reader, len(devices))
	for i := range readers {
		var err error
		if readers[i], err = newReader(ctx, store); err != nil {
			return timing{}, err
		}
	}
	return timeEach(len(devices), func(i int) error {
		_, err := ask(ctx, readers[i], devices[i])
		return err
	})
}
