package main

import (
	"context"
	"fmt"
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

// queries describes one query for each device. Each query has its own reader, and all devices are
// in one partition. If warm is true, the reader has already answered a query about another device
// of the partition. Otherwise, the query is the reader's first, as in a new function instance.
type queries struct {
	config  query.Config
	warm    bool
	devices []device
}

// reader returns a new reader for the query about q.devices[i].
func (q queries) reader(ctx context.Context, store query.Store, i int) (*query.Reader, error) {
	reader, err := query.New(store, q.config)
	if err == nil && q.warm {
		_, err = ask(ctx, reader, q.devices[(i+1)%len(q.devices)])
	}
	return reader, err
}

// queryCost holds the cost of each of several queries.
type queryCost struct {
	requests, lists, keys, kilobytes samples
	// waves and rounds hold the numbers of waves and round trips of some of the queries; see gate.
	waves, rounds samples
}

// cost runs one query for each device and counts the requests and bytes. It counts waves and round
// trips only for a few of the devices.
func (q queries) cost(ctx context.Context, store objstore.Store) (c queryCost, err error) {
	counting := objstore.NewCounting(store)
	for i, d := range q.devices {
		reader, err := q.reader(ctx, counting, i)
		if err != nil {
			return c, err
		}
		counting.Reset()
		if _, err := ask(ctx, reader, d); err != nil {
			return c, err
		}
		c.add(counting)
	}
	if c.waves, err = q.waves(ctx, store); err != nil {
		return c, err
	}
	unlimited := q
	unlimited.config.Parallel, unlimited.config.BudgetBytes = 1<<12, 1<<30
	c.rounds, err = unlimited.waves(ctx, store)
	return c, err
}

// and returns the costs of the queries in c and in o.
func (c queryCost) and(o queryCost) queryCost {
	return queryCost{
		requests: append(c.requests, o.requests...), lists: append(c.lists, o.lists...), keys: append(c.keys, o.keys...),
		kilobytes: append(c.kilobytes, o.kilobytes...), waves: append(c.waves, o.waves...), rounds: append(c.rounds, o.rounds...),
	}
}

// add adds the counted requests of one query.
func (c *queryCost) add(counted *objstore.Counting) {
	lists := counted.Of(objstore.OpList)
	keys := 0
	for _, call := range lists {
		keys += call.Objects
	}
	_, read := counted.Bytes()
	c.requests = append(c.requests, float64(counted.Requests()))
	c.lists = append(c.lists, float64(len(lists)))
	c.keys = append(c.keys, float64(keys))
	c.kilobytes = append(c.kilobytes, float64(read)/1024)
}

// waves returns the number of waves that each of a few queries takes.
func (q queries) waves(ctx context.Context, store query.Store) (all samples, err error) {
	q.devices = sample(q.devices, 3)
	for i, d := range q.devices {
		n, err := countWaves(store, func(gated query.Store) (func() error, error) {
			reader, err := q.reader(ctx, gated, i)
			return func() error { _, err := ask(ctx, reader, d); return err }, err
		})
		if err != nil {
			return nil, err
		}
		all = append(all, float64(n))
	}
	return all, nil
}

// report calls add with each figure and its unit.
func (c queryCost) report(add func(value float64, unit string)) {
	add(c.rounds.max(), "round-trips")
	add(c.requests.max(), "requests")
	add(c.requests.mean(), "mean-requests")
	add(c.requests.median(), "median-requests")
	add(c.waves.max(), "waves")
	add(c.lists.max(), "listing-pages")
	add(c.keys.median(), "keys")
	add(c.kilobytes.mean(), "KB")
	add(c.kilobytes.median(), "median-KB")
	add(c.kilobytes.percentile(99), "p99-KB")
}
