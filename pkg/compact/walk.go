package compact

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"

	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
)

// walk is the progress of a call to Run through the segments of one instance. Between two turns, it
// keeps only positions and no listing, so that Run needs little memory even for many instances.
type walk struct {
	instance event.InstanceID
	shards   []layout.Shard // the shards to visit, in ascending order
	spans    []span         // the ranges of keys that are still to be visited, in this order
	begun    bool
}

// span is a range of keys between after and before, both exclusive.
type span struct{ after, before string }

// newWalk returns a walk through the given shards of an instance.
func newWalk(instance event.InstanceID, shards []layout.Shard) *walk {
	first, last := layout.ShardPrefix(instance, shards[0]), layout.ShardPrefix(instance, shards[len(shards)-1])
	return &walk{instance: instance, shards: shards, spans: []span{{first, objstore.PastPrefix(last)}}}
}

// done reports whether the walk has visited everything.
func (w *walk) done() bool { return len(w.spans) == 0 }

// next lists the objects of the next partitions: up to objstore.MaxPage objects, or one partition
// that has more. It never returns a part of a partition. last reports whether the current span ends
// with these objects.
//
// If the instance takes more than one page, the walk begins at a random shard, and visits the
// shards before it at the end. So calls to Run that end early do not always omit the same shards.
func (w *walk) next(ctx context.Context, store objstore.Lister, intN func(int) int) (objects []objstore.Object, last bool, err error) {
	objects, last, err = w.list(ctx, store)
	if err == nil && !last && !w.begun && w.rotate(intN) {
		objects, last, err = w.list(ctx, store)
	}
	w.begun = true
	if err != nil || last {
		return objects, last, err
	}
	objects, err = wholePartitions(ctx, store, objects)
	return objects, false, err
}

// list lists the next page and cuts it at the end of the current span. last reports whether the
// span ends with this page.
func (w *walk) list(ctx context.Context, store objstore.Lister) (objects []objstore.Object, last bool, err error) {
	prefix := layout.InstancePrefix(w.instance)
	page, err := store.List(ctx, prefix, w.spans[0].after)
	if err != nil {
		return nil, false, fmt.Errorf("list %q: %w", prefix, err)
	}
	n := keysBelow(page.Objects, w.spans[0].before)
	return page.Objects[:n], n < len(page.Objects) || !page.More || n == 0, nil
}

// rotate splits the walk's only span at a random shard, and moves the first part to the end. If the
// random shard is the first one, rotate changes nothing and returns false.
func (w *walk) rotate(intN func(int) int) bool {
	at := intN(len(w.shards))
	if at == 0 {
		return false
	}
	whole, split := w.spans[0], layout.ShardPrefix(w.instance, w.shards[at])
	w.spans = []span{{split, whole.before}, {whole.after, split}}
	return true
}

// advance moves the walk past the given objects, which have been visited. last reports whether the
// current span ends with these objects.
func (w *walk) advance(objects []objstore.Object, last bool) {
	if last {
		w.spans = w.spans[1:]
		return
	}
	if len(objects) == 0 {
		return
	}
	w.spans[0].after = objects[len(objects)-1].Key
	if prefix := lastPartition(objects); prefix != "" {
		w.spans[0].after = objstore.PastPrefix(prefix) // skips the outputs that merges put into this partition
	}
}

// visits reports whether the walk visits the shard. It never visits a shard with more or fewer
// digits than the layout's shards have.
func (w *walk) visits(shard layout.Shard) bool {
	_, found := slices.BinarySearch(w.shards, shard)
	return found
}

// wholePartitions drops the objects of the page's last partition, because the partition may
// continue on the next page. If the page has only one partition, wholePartitions lists the rest of
// the partition.
func wholePartitions(ctx context.Context, store objstore.Lister, objects []objstore.Object) ([]objstore.Object, error) {
	prefix := lastPartition(objects)
	if prefix == "" {
		return objects, nil
	}
	if n := keysBelow(objects, prefix); n > 0 {
		return objects[:n], nil
	}
	rest, err := objstore.All(ctx, store, prefix, objects[len(objects)-1].Key)
	if err != nil {
		return nil, fmt.Errorf("list %q: %w", prefix, err)
	}
	return append(objects, rest...), nil
}

// lastPartition returns the prefix of the partition that the last object's key is in, or "" if no
// segment of that partition is among the objects. The last object itself may not be a segment.
func lastPartition(objects []objstore.Object) string {
	last := objects[len(objects)-1].Key
	for _, o := range slices.Backward(objects) {
		partition, _, err := layout.ParseKey(o.Key)
		if err != nil {
			continue
		}
		if !strings.HasPrefix(last, partition.Prefix()) {
			break
		}
		return partition.Prefix()
	}
	return ""
}

// keysBelow returns the number of objects whose keys sort before key. The objects must be sorted by
// key.
func keysBelow(objects []objstore.Object, key string) int {
	return sort.Search(len(objects), func(i int) bool { return objects[i].Key >= key })
}
