package objstore

import (
	"context"
	"io"
	"slices"
	"sync"
)

// Counting is a Store that records every call that goes through it, in the order
// in which they began. It is safe for concurrent use. A call that has not returned
// is on record without its result.
type Counting struct {
	store Store

	mu    sync.Mutex
	calls []*Call
}

var _ Store = (*Counting)(nil)

// NewCounting wraps store. Below Retrying it sees every attempt, above it every wish.
func NewCounting(store Store) *Counting { return &Counting{store: store} }

// Calls is a copy of what was recorded since the start or the last Reset.
func (c *Counting) Calls() []Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	calls := make([]Call, len(c.calls))
	for i, call := range c.calls {
		calls[i] = *call
	}
	return calls
}

// Of is the recorded calls of one ability.
func (c *Counting) Of(op Op) []Call {
	return slices.DeleteFunc(c.Calls(), func(call Call) bool { return call.Op != op })
}

// Requests is the number of recorded calls.
func (c *Counting) Requests() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.calls)
}

// Bytes is what the recorded puts and reads moved.
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

// Reset forgets what was recorded. A call under way is forgotten with the rest.
func (c *Counting) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = nil
}

// Put is the wrapped store's.
func (c *Counting) Put(ctx context.Context, key string, body io.ReaderAt, size int64) error {
	call := c.begin(putCall(key, size))
	err := c.store.Put(ctx, key, body, size)
	c.end(func() { call.Bytes, call.Err = moved(size, err), err })
	return err
}

// Read is the wrapped store's.
func (c *Counting) Read(ctx context.Context, key string, off, n int64) ([]byte, error) {
	if n == 0 {
		return c.store.Read(ctx, key, off, n)
	}
	call := c.begin(readCall(key, off, n))
	b, err := c.store.Read(ctx, key, off, n)
	c.end(func() { call.Bytes, call.Err = moved(int64(len(b)), err), err })
	return b, err
}

// List is the wrapped store's.
func (c *Counting) List(ctx context.Context, prefix, after string) (Page, error) {
	call := c.begin(listCall(prefix, after))
	page, err := c.store.List(ctx, prefix, after)
	c.end(func() { call.Objects, call.Err = len(page.Objects), err })
	return page, err
}

// Delete is the wrapped store's.
func (c *Counting) Delete(ctx context.Context, keys ...string) error {
	if len(keys) == 0 {
		return c.store.Delete(ctx)
	}
	call := c.begin(deleteCall(slices.Clone(keys)))
	err := c.store.Delete(ctx, keys...)
	c.end(func() { call.Err = err })
	return err
}

// begin puts the call on record. Its result is filled in under the same lock, so
// that a copy never tears.
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
