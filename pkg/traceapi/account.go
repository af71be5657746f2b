package traceapi

import (
	"context"
	"maps"
	"slices"

	"devicetrace/pkg/event"
	"devicetrace/pkg/query"
)

// account adds up the cost of all reads that one response takes, and collects their faults.
type account struct {
	receipt    query.Receipt
	objects    map[string]bool // the keys of the objects that were read
	unreadable []query.Unreadable
	// hasSegments means that one of the partitions contains a segment. noLayout means that the
	// bucket has no layout marker.
	hasSegments, noLayout bool
	// steps lists the requests to the store if hasPlan is true.
	hasPlan bool
	steps   []query.Step
}

// newAccount returns an empty account. hasPlan says whether to keep the steps of the reads.
func newAccount(hasPlan bool) account {
	a := account{objects: map[string]bool{}, hasPlan: hasPlan}
	if hasPlan {
		a.steps = []query.Step{}
	}
	return a
}

// add adds a result and logs its unreadable objects. The result must include its steps.
func (a *account) add(ctx context.Context, result query.Result) {
	reportUnreadable(ctx, result)
	a.count(result)
	a.unreadable = append(a.unreadable, result.Unreadable...)
	a.hasSegments, a.noLayout = a.hasSegments || !result.NoSegments, result.NoLayout
}

// count adds the cost of a result. Several reads may read the same partitions and objects, for
// example after a wait for api.turn, but the receipt must count each of them only once.
func (a *account) count(result query.Result) {
	for _, step := range result.Steps {
		if step.Bytes > 0 { // only reads have bytes
			a.objects[step.Key] = true
		}
		if a.hasPlan {
			step.AtMS += a.receipt.MS
			a.steps = append(a.steps, step)
		}
	}
	a.addReceipt(result.Receipt)
}

// addParallel is like add, but for a read that ran in parallel with the other reads.
func (a *account) addParallel(ctx context.Context, result query.Result) {
	ms := a.receipt.MS
	a.receipt.MS = 0
	a.add(ctx, result)
	a.receipt.MS = max(ms, a.receipt.MS)
}

// addReceipt adds a receipt for objects that a.objects contains.
func (a *account) addReceipt(cost query.Receipt) {
	a.receipt = a.receipt.Plus(cost)
	a.receipt.Objects = len(a.objects)
	slices.Sort(a.receipt.Partitions)
	a.receipt.Partitions = slices.Compact(a.receipt.Partitions)
}

// include adds another account. Both may contain some of the same objects.
func (a *account) include(other account) {
	maps.Copy(a.objects, other.objects)
	a.addReceipt(other.receipt)
	a.unreadable = append(a.unreadable, other.unreadable...)
}

// absence returns the absence of an instance, or nil; see api.absenceOf. All reads in the account
// must be about the instance. absence adds its own cost to the receipt.
func (a *account) absence(ctx context.Context, api api, may permission, id event.InstanceID) (*absence, error) {
	result := query.Result{Receipt: a.receipt, NoSegments: !a.hasSegments, NoLayout: a.noLayout, Steps: a.steps}
	absent, err := api.absenceOf(ctx, may, id, &result)
	a.receipt, a.steps = result.Receipt, result.Steps
	return absent, err
}
