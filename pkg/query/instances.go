package query

import (
	"context"
	"slices"

	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/parallel"
)

// Instances is a list of instances that have events, and the cost of finding them.
type Instances struct {
	// IDs are in ascending order.
	IDs []event.InstanceID
	// More means that the bucket has more instances than IDs lists.
	More    bool
	Receipt Receipt
	// Steps lists the requests to the store, in the order in which they completed.
	Steps []Step
}

// Instances returns the instances that have events, but at most limit of them. It makes one request
// per 1,000 instances, and at least one.
func (r *Reader) Instances(ctx context.Context, limit int) (Instances, error) {
	store := r.newMeter(true, Budget{})
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
	return found.with(store), nil
}

// InstancesAmong returns the instances in ids that have events. It makes one request per valid
// identifier in ids, and none about any other instance.
func (r *Reader) InstancesAmong(ctx context.Context, ids []event.InstanceID) (Instances, error) {
	store := r.newMeter(true, Budget{})
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
	return found.with(store), nil
}

// with returns the list, sorted, with the cost and the steps that store has recorded.
func (i Instances) with(store *meter) Instances {
	slices.Sort(i.IDs)
	i.Receipt, i.Steps = store.receipt(nil), store.steps
	return i
}
