package query

import (
	"context"
	"slices"

	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/parallel"
)

// Instances is a list of instances that have events, and the cost of the list.
type Instances struct {
	// IDs are in ascending order.
	IDs []event.InstanceID
	// More means that the bucket has more instances than the list.
	More    bool
	Receipt Receipt
}

// Instances returns the instances that have events, up to the given limit. It makes one request per
// 1,000 instances, and at least one.
func (r *Reader) Instances(ctx context.Context, limit int) (Instances, error) {
	store := r.newMeter()
	var found Instances
	for id, err := range layout.EachInstance(ctx, store) {
		if err != nil {
			return Instances{}, err
		}
		if found.More = len(found.IDs) == limit; found.More {
			break
		}
		found.IDs = append(found.IDs, id)
	}
	slices.Sort(found.IDs)
	found.Receipt = store.receipt(nil, r.config.Now().Sub(store.started))
	return found, nil
}

// InstancesAmong returns those of the given instances that have events. It makes one request per
// given instance, and none that concerns another instance.
func (r *Reader) InstancesAmong(ctx context.Context, ids []event.InstanceID) (Instances, error) {
	store := r.newMeter()
	known := make([]bool, len(ids))
	err := parallel.Do(len(ids), r.config.Parallel, func(i int) (err error) {
		known[i], err = layout.HasInstance(ctx, store, ids[i])
		return err
	})
	if err != nil {
		return Instances{}, err
	}
	var found Instances
	for i, id := range ids {
		if known[i] {
			found.IDs = append(found.IDs, id)
		}
	}
	slices.Sort(found.IDs)
	found.Receipt = store.receipt(nil, r.config.Now().Sub(store.started))
	return found, nil
}

func (r *Reader) newMeter() *meter {
	return &meter{store: r.store, now: r.config.Now, started: r.config.Now()}
}
