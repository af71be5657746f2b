package main

import (
	"context"
	"fmt"

	"devicetrace/pkg/objstore"
)

// limits are the figures of the queries of one bucket. The zero value has none.
type limits struct {
	cold, warm limit
	// local and standIn are of the median of a warm query, cpu of its mean, all in ms.
	local, standIn, cpu float64
	// why they do not apply, if they do not.
	why string
}

// limit is what a query may ask of the store at most; 0 is no figure.
type limit struct {
	rounds, requests int
	kilobytes        float64
}

// figure is a limit's, unless it is 0.
func (l limits) figure(most float64) figure {
	if most == 0 {
		return figure{}
	}
	return atMost(most).when(l.why == "", l.why)
}

// query is what questions cost on the whole day, closed, and on a day that is still open.
func (b *bench) query(ctx context.Context) error {
	for _, shards := range []int{16, 256} {
		d, err := b.dayOf(ctx, shards)
		if err != nil {
			return err
		}
		of := fmt.Sprintf("closed day, %d shards", shards)
		if err := b.askBucket(ctx, of, d.bucket, d.devices, limits{}); err != nil {
			return err
		}
	}
	return b.openDay(ctx)
}

// timedQueries is of how many devices the times are, at most.
const timedQueries = 500

// askBucket measures queries of devices in a bucket on local disk.
func (b *bench) askBucket(ctx context.Context, of, bucket string, devices []device, l limits) error {
	store := storeIn(bucket)
	for _, s := range []struct {
		state state
		limit limit
	}{{unborn, l.cold}, {cold, l.cold}, {warm, l.warm}} {
		c, err := costOf(ctx, s.state, store, b.draw(devices, 200))
		if err != nil {
			return err
		}
		b.addCost(of+", "+string(s.state), c, s.limit, l)
		if s.state == warm && l.warm.kilobytes > 0 { // a day of 35,000 rows
			b.costs.query = c
		}
	}
	return b.timeBucket(ctx, of, bucket, devices, l)
}

func (b *bench) addCost(what string, c queryCost, most limit, l limits) {
	b.add(what+": round trips in sequence", float64(c.rounds), "", l.figure(float64(most.rounds)))
	b.add(what+": requests", float64(c.requests), "", l.figure(float64(most.requests)))
	b.add(what+": read, mean", c.meanBytes/1024, "KB", l.figure(most.kilobytes))
	b.show(what+": read, 99 of 100 queries", float64(c.bytes)/1024, "KB")
}

// timeBucket is the time of queries, in process and through the OSS client.
func (b *bench) timeBucket(ctx context.Context, of, bucket string, devices []device, l limits) error {
	devices = b.draw(devices, timedQueries)
	store := storeIn(bucket)
	first, err := timeFirst(ctx, store, b.draw(devices, 200))
	if err != nil {
		return err
	}
	b.addTimes(of+", first query of an instance, local disk", first, limits{}, 0)
	local, err := timeWarm(ctx, store, devices)
	if err != nil {
		return err
	}
	b.addTimes(of+", warm query, local disk", local, l, l.local)
	if l.warm.kilobytes > 0 {
		b.costs.queryCPU = local.cpuEach()
	}
	remote, err := timeRemote(ctx, bucket, devices)
	if err != nil {
		return err
	}
	b.addTimes(of+", warm query, OSS client and stand-in", remote, limits{why: l.why}, l.standIn)
	return nil
}

func (b *bench) addTimes(what string, t timing, l limits, most float64) {
	b.add(what+": p50", t.percentile(50), "ms", l.figure(most))
	b.show(what+": p99", t.percentile(99), "ms")
	b.add(what+": CPU", t.cpuEach(), "ms", l.figure(l.cpu))
}

func timeRemote(ctx context.Context, bucket string, devices []device) (timing, error) {
	s, err := openStandIn(bucket, nil)
	if err != nil {
		return timing{}, err
	}
	defer s.close()
	store, err := s.store()
	if err != nil {
		return timing{}, err
	}
	return timeWarm(ctx, store, devices)
}

// openDay is queries of a day that is not over, with the compactor at work.
func (b *bench) openDay(ctx context.Context) error {
	o, err := b.evening(ctx)
	if err != nil {
		return err
	}
	bucket, err := b.folder("open")
	if err != nil {
		return err
	}
	if err := copyObjects(ctx, o.sim.store, storeIn(bucket)); err != nil {
		return err
	}
	of := fmt.Sprintf("open day, %d h, %d writers, one of 256 shards, %s rows so far", eveningHour, writers, short(float64(o.past)))
	return b.askBucket(ctx, of, bucket, b.draw(o.devices, 200), limits{})
}

// copyObjects copies a whole bucket.
func copyObjects(ctx context.Context, from, to objstore.Store) error {
	objects, err := objstore.All(ctx, from, "", "")
	if err != nil {
		return err
	}
	for _, o := range objects {
		if err := copyObject(ctx, from, to, o); err != nil {
			return err
		}
	}
	return nil
}
