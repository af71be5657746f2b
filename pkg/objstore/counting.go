package objstore

import (
	"context"
	"io"
	"slices"
	"sync"
)

// Counting is a Store that records its calls in the order in which they began. A call that
// has not returned yet is recorded without its result. Counting is safe for concurrent use.
type Counting struct {
	store Store

	mu    sync.Mutex
	calls []*Call
}

var _ Store = (*Counting)(nil)

// NewCounting returns a Counting that wraps store. There are two ways to combine it with Retrying:
//   - If Retrying wraps the Counting, the Counting records every attempt.
//   - If the Counting wraps the store that Retrying returned, it records each call once, however
//     many attempts the call takes.
func NewCounting(store Store) *Counting { return &Counting{store: store} }

// Calls returns a copy of the calls recorded since the start or the last Reset.
func (c *Counting) Calls() []Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	calls := make([]Call, len(c.calls))
	for i, call := range c.calls {
		calls[i] = *call
	}
	return calls
}

// Of returns a copy of the recorded calls whose Op is op.
func (c *Counting) Of(op Op) []Call {
	return slices.DeleteFunc(c.Calls(), func(call Call) bool { return call.Op != op })
}

// Requests returns the number of recorded calls.
func (c *Counting) Requests() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.calls)
}

// Bytes returns the total number of bytes that the recorded puts transferred, and the total for the
// recorded reads.
func (c *Counting) Bytes() (put, read int64) {
	for _, call := range c.Calls() {
		switch call.Op {
		case OpPut:
			put += call.Bytes
		case OpRead:
			read += call.Bytes
		}
	}
	return put, read
}

// Reset forgets all recorded calls, including calls that have not returned yet.
func (c *Counting) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = nil
}

// Put calls the wrapped store.
func (c *Counting) Put(ctx context.Context, key string, body io.ReaderAt, size int64) error {
	call := c.begin(putCall(key, size))
	err := c.store.Put(ctx, key, body, size)
	c.end(func() { call.Bytes, call.Err = moved(size, err), err })
	return err
}

// Read calls the wrapped store.
func (c *Counting) Read(ctx context.Context, key string, off, n int64) ([]byte, error) {
	if n == 0 {
		return c.store.Read(ctx, key, off, n)
	}
	call := c.begin(readCall(key, off, n))
	b, err := c.store.Read(ctx, key, off, n)
	c.end(func() { call.Bytes, call.Err = moved(int64(len(b)), err), err })
	return b, err
}

// List calls the wrapped store.
func (c *Counting) List(ctx context.Context, prefix, after string) (Page, error) {
	call := c.begin(listCall(prefix, after))
	page, err := c.store.List(ctx, prefix, after)
	c.end(func() { call.Objects, call.Err = len(page.Objects), err })
	return page, err
}

// Prefixes calls the wrapped store.
func (c *Counting) Prefixes(ctx context.Context, prefix, after string) (PrefixPage, error) {
	call := c.begin(prefixesCall(prefix, after))
	page, err := c.store.Prefixes(ctx, prefix, after)
	c.end(func() { call.Objects, call.Err = len(page.Prefixes), err })
	return page, err
}

// Delete calls the wrapped store.
func (c *Counting) Delete(ctx context.Context, keys ...string) error {
	if len(keys) == 0 {
		return nil
	}
	call := c.begin(deleteCall(slices.Clone(keys)))
	err := c.store.Delete(ctx, keys...)
	c.end(func() { call.Err = err })
	return err
}

// begin records the call without its result, which the end method fills in later. Both methods use
// the same lock as Calls, so that Calls never copies a half-written result.
func (c *Counting) begin(call Call) *Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	call.Seq = len(c.calls) + 1
	c.calls = append(c.calls, &call)
	return &call
}

func (c *Counting) end(fill func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fill()
}

func moved(n int64, err error) int64 {
	if err != nil {
		return 0
	}
	return n
}
