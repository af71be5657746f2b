package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"devicetrace/pkg/event"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/query"
)

// dayOf returns a query request that covers a device's whole day.
func dayOf(d device) query.Request {
	return query.Request{InstanceID: instance, ClientID: d.client, From: today, To: today.Add(24*time.Hour - time.Millisecond)}
}

// ask returns a device's events for the day. It returns an error if there are none, or if an
// object is unreadable.
func ask(ctx context.Context, reader *query.Reader, d device) ([]event.Event, error) {
	response, err := reader.Trace(ctx, dayOf(d))
	switch {
	case err != nil:
		return nil, err
	case len(response.Unreadable) > 0:
		return nil, fmt.Errorf("query %q: unreadable: %v", d.client, response.Unreadable)
	case len(response.Events) == 0:
		return nil, fmt.Errorf("query %q: no events", d.client)
	}
	return response.Events, nil
}

// queries describes a set of queries: one per device, each with its own reader. If warm is true,
// the reader already has the partition's footers in its cache. Otherwise, the query is the reader's
// first, as in a new function instance.
type queries struct {
	shards  int
	warm    bool
	devices []device
}

// reader returns a new reader for a query about d. If q.warm is true, the reader has already run
// this query once.
func (q queries) reader(ctx context.Context, store query.Store, d device) (*query.Reader, error) {
	reader, err := query.New(store, query.Config{Shards: q.shards})
	if err == nil && q.warm {
		_, err = ask(ctx, reader, d)
	}
	return reader, err
}

// queryCost holds the cost of queries in requests, round trips and KB. Requests in flight at the
// same time count as one round trip.
type queryCost struct {
	maxRequests, maxRounds int
	meanRequests, meanKB   float64
	slowKB                 float64 // 99th percentile of the KB per query
}

// cost runs one query for each device and counts the requests and bytes. It counts round trips only
// for a sample of the devices.
func (q queries) cost(ctx context.Context, store objstore.Store) (queryCost, error) {
	var c queryCost
	var read []int64
	counting := objstore.NewCounting(store)
	for _, d := range q.devices {
		reader, err := q.reader(ctx, counting, d)
		if err != nil {
			return c, err
		}
		counting.Reset()
		if _, err := ask(ctx, reader, d); err != nil {
			return c, err
		}
		_, n := counting.Bytes()
		read = append(read, n)
		c.maxRequests = max(c.maxRequests, counting.Requests())
		c.meanRequests += float64(counting.Requests()) / float64(len(q.devices))
		c.meanKB += float64(n) / 1024 / float64(len(q.devices))
	}
	slices.Sort(read)
	c.slowKB = float64(read[len(read)*99/100]) / 1024
	var err error
	c.maxRounds, err = q.rounds(ctx, store)
	return c, err
}

// rounds returns the largest number of round trips among a few queries. A gate counts the round
// trips. On a busy machine, it may count a single round trip as two. rounds therefore makes each
// query three times and takes the lowest count.
func (q queries) rounds(ctx context.Context, store query.Store) (worst int, err error) {
	for _, d := range sample(q.devices, 20) {
		best := 0
		for attempt := range 3 {
			g := newGate(store)
			reader, err := q.reader(ctx, g, d)
			if err != nil {
				return 0, err
			}
			g.take()
			if _, err := ask(ctx, reader, d); err != nil {
				return 0, err
			}
			if n := g.take(); attempt == 0 || n < best {
				best = n
			}
		}
		worst = max(worst, best)
	}
	return worst, nil
}
