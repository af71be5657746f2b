package layout

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"devicetrace/pkg/event"
	"devicetrace/pkg/objstore"
)

// Instances returns the instances that have segments, in ascending order. It makes one request per
// 1,000 instances, and at least one.
func Instances(ctx context.Context, store objstore.PrefixLister) ([]event.InstanceID, error) {
	var instances []event.InstanceID
	for id, err := range EachInstance(ctx, store) {
		if err != nil {
			return nil, err
		}
		instances = append(instances, id)
	}
	slices.Sort(instances)
	return instances, nil
}

// EachInstance returns an iterator over the instances that have segments, in the order of their
// prefixes. It makes one request per 1,000 instances, and at least one. It makes each request only
// when the caller needs more instances. It skips prefixes that do not name a valid instance. An
// error ends the iteration.
func EachInstance(ctx context.Context, store objstore.PrefixLister) iter.Seq2[event.InstanceID, error] {
	return func(yield func(event.InstanceID, error) bool) {
		for prefix, err := range objstore.EachPrefix(ctx, store, EventsPrefix) {
			if err != nil {
				yield("", fmt.Errorf("list instances: %w", err))
				return
			}
			part := strings.TrimSuffix(strings.TrimPrefix(prefix, EventsPrefix), "/")
			if id, found := parseInstance(part); found && !yield(id, nil) {
				return
			}
		}
	}
}

// HasInstance reports whether an instance has segments. It makes one request, about this instance
// only. If the identifier is invalid, it makes no request.
func HasInstance(ctx context.Context, store objstore.PrefixLister, id event.InstanceID) (bool, error) {
	if !id.Valid() {
		return false, nil
	}
	page, err := store.Prefixes(ctx, InstancePrefix(id), "")
	if err != nil {
		return false, fmt.Errorf("find instance %q: %w", id, err)
	}
	return len(page.Prefixes) > 0, nil
}
