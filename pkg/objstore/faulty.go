package objstore

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
)

// ErrFault is the error that tests inject when any error will do. It wraps io.EOF, as the error of
// a broken connection may do. Tests that inject ErrFault therefore reveal callers that mistake such
// an error for the end of the data.
var ErrFault = fmt.Errorf("injected fault: %w", io.EOF)

// Fault describes how one call fails. The zero value lets the call pass. If more than one of
// Before, Midway and After is set, the call returns the first of them, in this order.
type Fault struct {
	// Until delays the call's effect until the channel is closed. If the context ends
	// first, the call ends without effect.
	Until <-chan struct{}
	// Late makes the call return an error immediately but take effect only after the channel is
	// closed, like a request that the network delayed. The error is Before if Before is set,
	// otherwise After if After is set, and otherwise ErrFault. Midway is ignored. Faulty.Settle
	// waits for the effect.
	Late <-chan struct{}

	// Before makes the call return this error without any effect.
	Before error
	// Midway makes the call stop halfway and return this error:
	//   - A put reads half of its body and stores nothing.
	//   - A read or listing transfers its data but returns none.
	//   - A delete removes the objects under the first half of its keys.
	Midway error
	// After makes the call take full effect and then return this error.
	After error
}

// Faulty is a Store for tests. It wraps another store and makes calls fail. A hook chooses the
// fault of each call. Faulty calls the hook once before each call, but never from two goroutines at
// the same time.
type Faulty struct {
	store Store
	late  sync.WaitGroup

	mu    sync.Mutex
	calls int
	hook  func(Call) Fault
}

var _ Store = (*Faulty)(nil)

// NewFaulty returns a Faulty that wraps store. If hook is nil, every call goes straight to store.
func NewFaulty(store Store, hook func(Call) Fault) *Faulty {
	return &Faulty{store: store, hook: hook}
}

// SetHook sets the hook for the calls that begin from now on, and restarts Call.Seq at 1.
func (f *Faulty) SetHook(hook func(Call) Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hook, f.calls = hook, 0
}

// Settle waits until all late calls have taken effect.
func (f *Faulty) Settle() { f.late.Wait() }

// Put calls the wrapped store, with the fault that the hook chooses.
func (f *Faulty) Put(ctx context.Context, key string, body io.ReaderAt, size int64) error {
	fault := f.next(putCall(key, size))
	if fault.Late != nil {
		sent, err := io.ReadAll(io.NewSectionReader(body, 0, size))
		if err != nil {
			return err
		}
		body = bytes.NewReader(sent)
	}
	return f.do(ctx, fault, change(
		func(context.Context) { _, _ = io.Copy(io.Discard, io.NewSectionReader(body, 0, size/2)) },
		func(ctx context.Context) error { return f.store.Put(ctx, key, body, size) },
	))
}

// Read calls the wrapped store, with the fault that the hook chooses.
func (f *Faulty) Read(ctx context.Context, key string, off, n int64) (b []byte, err error) {
	if n == 0 {
		return f.store.Read(ctx, key, off, n)
	}
	err = f.do(ctx, f.next(readCall(key, off, n)), lookup(func(ctx context.Context) error {
		var err error
		b, err = f.store.Read(ctx, key, off, n)
		return err
	}))
	if err != nil {
		return nil, err
	}
	return b, nil
}

// List calls the wrapped store, with the fault that the hook chooses.
func (f *Faulty) List(ctx context.Context, prefix, after string) (page Page, err error) {
	err = f.do(ctx, f.next(listCall(prefix, after)), lookup(func(ctx context.Context) error {
		var err error
		page, err = f.store.List(ctx, prefix, after)
		return err
	}))
	if err != nil {
		return Page{}, err
	}
	return page, nil
}

// Prefixes calls the wrapped store, with the fault that the hook chooses.
func (f *Faulty) Prefixes(ctx context.Context, prefix, after string) (page PrefixPage, err error) {
	err = f.do(ctx, f.next(prefixesCall(prefix, after)), lookup(func(ctx context.Context) error {
		var err error
		page, err = f.store.Prefixes(ctx, prefix, after)
		return err
	}))
	if err != nil {
		return PrefixPage{}, err
	}
	return page, nil
}

// Delete calls the wrapped store, with the fault that the hook chooses.
func (f *Faulty) Delete(ctx context.Context, keys ...string) error {
	if len(keys) == 0 {
		return nil
	}
	keys = slices.Clone(keys)
	return f.do(ctx, f.next(deleteCall(keys)), change(
		func(ctx context.Context) { _ = f.store.Delete(ctx, keys[:len(keys)/2]...) },
		func(ctx context.Context) error { return f.store.Delete(ctx, keys...) },
	))
}

func (f *Faulty) next(call Call) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	call.Seq = f.calls
	if f.hook == nil {
		return Fault{}
	}
	return f.hook(call)
}

// effect holds one function for each way in which a call can take effect: halfway, in full, or in
// full after the caller has already received an error.
type effect struct {
	half func(context.Context)
	full func(context.Context) error
	late func(context.Context)
}

// change returns the effect of a put or delete. Even a late call takes full effect.
func change(half func(context.Context), full func(context.Context) error) effect {
	return effect{half, full, func(ctx context.Context) { _ = full(ctx) }}
}

// lookup returns the effect of a read or listing. Because these calls change nothing, a late one
// has no effect.
func lookup(full func(context.Context) error) effect {
	return effect{func(ctx context.Context) { _ = full(ctx) }, full, func(context.Context) {}}
}

func (f *Faulty) do(ctx context.Context, fault Fault, e effect) error {
	if fault.Late != nil {
		f.doLate(ctx, fault.Late, e)
		return cmp.Or(fault.Before, fault.After, ErrFault)
	}
	if err := hold(ctx, fault.Until); err != nil {
		return err
	}
	switch {
	case fault.Before != nil:
		return fault.Before
	case fault.Midway != nil:
		e.half(ctx)
		return fault.Midway
	}
	return cmp.Or(e.full(ctx), fault.After)
}

// doLate runs e.late in the background once the start channel is closed. It does so even if the
// caller's context has ended.
func (f *Faulty) doLate(ctx context.Context, start <-chan struct{}, e effect) {
	ctx = context.WithoutCancel(ctx)
	f.late.Go(func() {
		<-start
		e.late(ctx)
	})
}

func hold(ctx context.Context, until <-chan struct{}) error {
	if until == nil {
		return nil
	}
	select {
	case <-until:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
