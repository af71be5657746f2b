package webhook

import (
	"errors"
	"sync/atomic"
)

// errBusy means that the requests in progress leave too little memory for another one. Nothing was
// recorded.
var errBusy = errors.New("too many requests are in progress")

// budget limits the memory of the requests in progress. Each request acquires memory in two steps:
// for the body before reading it, and for the decompressed body and the events before decompressing
// and decoding. If the budget has too few bytes left, the request is refused. A budget is safe for
// concurrent use.
//
// A Handler has two budgets, because a signature can be checked only after the body has been read.
// Until then, the sender of a signed request is unproven, so the request counts against
// Handler.unproven. Authorized requests count against Handler.budget.
type budget struct {
	size int64
	used atomic.Int64
}

// part is the memory that one request has acquired from a budget. It is not safe for concurrent
// use.
type part struct {
	budget *budget
	bytes  int64
}

// part returns a part of the budget with a size of zero. The caller must release it.
func (b *budget) part() *part { return &part{budget: b} }

// resize changes the size of the part to n bytes. If the budget has too few bytes left, resize
// returns errBusy without waiting, and the part keeps its size.
func (p *part) resize(n int64) error {
	more := n - p.bytes
	if p.budget.used.Add(more) > p.budget.size && more > 0 {
		p.budget.used.Add(-more)
		return errBusy
	}
	p.bytes = n
	return nil
}

// release returns all bytes of the part to the budget. Calling release again does nothing.
func (p *part) release() {
	p.budget.used.Add(-p.bytes)
	p.bytes = 0
}
