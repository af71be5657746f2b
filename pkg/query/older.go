package query

import (
	"context"
	"iter"
	"slices"
	"strings"
	"time"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
)

const (
	// batchObjects is the maximum number of objects in a batch of several partitions.
	batchObjects = 64
	// batchListings is the maximum number of partitions that are listed separately at the same time.
	batchListings = 8
)

// Extend makes a descending stream continue with older events, which Events then yields. The caller
// must have received all events so far. Request.From must be the start of a UTC day, or be after
// Request.To.
//
// The range grows back to from, the start of a UTC day, but not beyond Request.Earliest. If these
// days have more than 64 objects, it grows by fewer days, but at least by one. Extend returns false
// if the range did not grow, because it already reaches back to from, or because the request's
// budget does not suffice; see Cut. It returns the same errors as Trace, except ErrCursor and ErrLayout.
//
// The first call lists all of the shard's partitions since Request.Earliest in one request. If
// these partitions have more than 1,000 objects, this request does not list the newest partitions.
// Those are listed separately when they are needed, up to eight at the same time. Extend reads the
// objects of a partition in the same way as Trace, and reads several partitions at the same time.
func (s *Stream) Extend(ctx context.Context, from time.Time) (bool, error) {
	n := s.reading
	if from.Before(n.request.Earliest) {
		from = n.request.Earliest
	}
	if n.isCut || !from.Before(n.from) {
		return false, nil
	}
	before := n.from
	err := n.cutBy(n.extend(ctx, layout.DayOf(from)))
	return n.from.Before(before), err
}

// From returns the instant that a descending stream has reached. The stream has yielded all events
// of the range at or after this instant.
func (s *Stream) From() time.Time { return s.reading.reached }

// Cut reports whether the stream ended early because the request's budget was used up.
func (s *Stream) Cut() bool { return s.reading.isCut }

// extend begins the next batch of older partitions, back to the given day at most. If the budget
// suffices for only some partitions of the batch, extend begins only the newest ones.
func (n *reading) extend(ctx context.Context, from layout.Day) error {
	if err := n.listShard(ctx); err != nil {
		return err
	}
	batch, err := n.nextBatch(ctx, from)
	if err != nil || n.isCut && len(batch) == 0 {
		return err
	}
	n.request.From = n.request.Earliest // the sources skip rows before it
	if err := n.begin(ctx, batch); err != nil {
		return err
	}
	n.older = n.older[len(batch):]
	n.from = n.request.Earliest
	if len(n.older) > 0 { // the days in between have no objects
		n.from = n.older[0].where.Day.Start().AddDate(0, 0, 1)
	}
	return nil
}

// listShard sets older to the partitions between Request.Earliest and the range, in one request. If
// their objects do not fit in one page of the listing, the newest partitions stay unlisted.
func (n *reading) listShard(ctx context.Context) error {
	if n.isListed || n.layout.Shards == 0 {
		return nil
	}
	q := n.request
	earliest := n.layout.PartitionOf(q.InstanceID, q.ClientID, q.Earliest)
	prefix := layout.ShardPrefix(earliest.Instance, earliest.Shard)
	page, err := n.store.List(ctx, prefix, strings.TrimSuffix(earliest.Prefix(), "/"))
	if err != nil {
		return err
	}
	n.older, n.isListed = n.partitionsIn(page), true
	slices.Reverse(n.older)
	return nil
}

// partitionsIn returns the partitions before the range that a page of the shard's listing contains,
// in ascending order of day. If the page does not reach up to the range, partitionsIn adds the days
// that the page does not contain completely. These partitions are unlisted.
func (n *reading) partitionsIn(page objstore.Page) (found []*partition) {
	last := n.from.Add(-time.Millisecond)
	var objects [][]objstore.Object // of the partitions in found, in the same order
	for where, all := range byPartition(page.Objects) {
		if where.Day > layout.DayOf(last) {
			page.More = false
			break
		}
		found, objects = append(found, n.newPartition(where)), append(objects, all)
	}
	unlisted := n.request.Earliest
	if newest := len(found) - 1; page.More && newest >= 0 { // the next page may list more objects of this partition
		unlisted, found = found[newest].where.Day.Start(), found[:newest]
	}
	for i, p := range found {
		p.setListed(objects[i])
		p.listings = 1
	}
	if !page.More {
		return found
	}
	for _, where := range n.layout.PartitionsBetween(n.request.InstanceID, n.request.ClientID, unlisted, last) {
		found = append(found, n.newPartition(where))
	}
	return found
}

// byPartition returns an iterator over the partitions in a listing, each with its objects. It leaves
// out objects before the first segment of a partition, because a reading needs only segments.
func byPartition(objects []objstore.Object) iter.Seq2[layout.Partition, []objstore.Object] {
	return func(yield func(layout.Partition, []objstore.Object) bool) {
		for len(objects) > 0 {
			where, _, err := layout.ParseKey(objects[0].Key)
			if err != nil {
				objects = objects[1:]
				continue
			}
			prefix, n := where.Prefix(), 1
			for n < len(objects) && strings.HasPrefix(objects[n].Key, prefix) {
				n++
			}
			if !yield(where, objects[:n]) {
				return
			}
			objects = objects[n:]
		}
	}
}

// nextBatch returns the newest of the older partitions, back to the given day, and lists those that
// are unlisted. If the partitions together have more than batchObjects objects, it returns fewer of
// them.
func (n *reading) nextBatch(ctx context.Context, from layout.Day) ([]*partition, error) {
	objects, batch := 0, 0
	for batch < len(n.older) && n.older[batch].where.Day >= from {
		p := n.older[batch]
		if p.listings == 0 {
			if err := n.listSome(ctx, n.older[batch:]); err != nil {
				return nil, err
			}
		}
		if objects += len(p.runs); objects > batchObjects && batch > 0 {
			break
		}
		batch++
	}
	return n.affordable(n.older[:batch]), nil
}

// listSome lists the first batchListings of the given partitions, or all of them if there are
// fewer.
func (n *reading) listSome(ctx context.Context, partitions []*partition) error {
	some := partitions[:min(len(partitions), batchListings)]
	return n.each(some, func(p *partition) error { return p.list(ctx) })
}
