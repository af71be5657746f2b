package query

import "errors"

// Budget limits the cost of a stream. The zero Budget means no limit. If a budget does not even
// allow a Reader's first request for the layout marker, Stream returns an error.
type Budget struct {
	Requests int   // the maximum number of requests to the store, including listings
	Bytes    int64 // the maximum number of bytes to read from objects, not counting listings
}

// errBudget means that a request to the store would exceed the budget.
var errBudget = errors.New("the budget is used up")

// allows reports whether the budget allows the given total cost. The zero Budget allows any cost.
func (b Budget) allows(requests int, bytes int64) bool {
	return b == Budget{} || requests <= b.Requests && bytes <= b.Bytes
}

// Minus returns the budget that is left after the given cost. The result allows at least one
// request and one byte, because the zero Budget would mean no limit. If b is the zero Budget, so is
// the result.
func (b Budget) Minus(cost Receipt) Budget {
	if b == (Budget{}) {
		return b
	}
	return Budget{Requests: max(1, b.Requests-cost.Requests), Bytes: max(1, b.Bytes-cost.Bytes)}
}

// affordable returns the longest prefix of the given partitions that the budget allows the reading
// to open. If it leaves out a partition, it marks the reading as cut.
func (n *reading) affordable(partitions []*partition) []*partition {
	requests, bytes := n.store.spent()
	for i, p := range partitions {
		moreRequests, moreBytes := p.cost()
		requests, bytes = requests+moreRequests, bytes+moreBytes
		if !n.request.Budget.allows(requests, bytes) {
			n.isCut = true
			return partitions[:i]
		}
	}
	return partitions
}

// cost returns the number of requests that open the listed partition, and the minimum number of
// bytes that they read. The number of requests can differ if an object is missing or invalid. The
// bytes include only objects that are read whole.
func (p *partition) cost() (requests int, bytes int64) {
	for _, run := range p.runs {
		moreRequests, moreBytes := p.reading.reader.cost(run.Head())
		requests, bytes = requests+moreRequests, bytes+moreBytes
	}
	return requests, bytes
}

// cutBy returns err, unless err means that the budget is used up. In that case, it marks the
// reading as cut and returns nil.
func (n *reading) cutBy(err error) error {
	if errors.Is(err, errBudget) {
		n.isCut = true
		return nil
	}
	return err
}
