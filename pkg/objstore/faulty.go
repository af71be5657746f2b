package objstore

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
)

// ErrFault is an error for tests to inject where they need no particular one. Like that of
// a connection that was cut, it is io.EOF, too: nobody may take it for the end of anything.
var ErrFault = fmt.Errorf("injected fault: %w", io.EOF)

// Fault is what goes wrong with one call. The zero value is nothing; of the errors
// the first one that is set, in this order, ends the call.
type Fault struct {
	// Until holds the call back, before its effect, until the channel is closed.
	// A context that ends first ends the call without effect.
	Until <-chan struct{}
	// Late takes the call out of its caller's hands: the caller gets Before, else
	// After, else ErrFault at once, and the effect follows when the channel is
	// closed, as that of a request which was delayed on its way. See Faulty.Settle.
	Late <-chan struct{}

	// Before fails the call without effect.
	Before error
	// Midway fails it in the middle: a put read half its body and stored nothing, a
	// read or listing moved its bytes but gave none, of a delete's keys the first
	// half is gone.
	Midway error
	// After fails the call after its whole effect.
	After error
}

// Faulty is a Store for tests that fails as its hook says. The hook is called once
// for each call, before it, by one goroutine at a time.
type Faulty struct {
	store Store
	late  sync.WaitGroup

	mu    sync.Mutex
	calls int
	hook  func(Call) Fault
}

var _ Store = (*Faulty)(nil)

// NewFaulty wraps store. A nil hook lets everything pass.
func NewFaulty(store Store, hook func(Call) Fault) *Faulty {
	return &Faulty{store: store, hook: hook}
}

// SetHook changes the hook for the calls that begin from now on, and counts them from 1.
func (f *Faulty) SetHook(hook func(Call) Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hook, f.calls = hook, 0
}

// Settle waits for the effects of all late calls.
func (f *Faulty) Settle() { f.late.Wait() }

// Put is the wrapped store's, or fails as the hook says.
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

// Read is the wrapped store's, or fails as the hook says.
func (f *Faulty) Read(ctx context.Context, key string, off, n int64) (b []byte, err error) {
	if n == 0 {
		return f.store.Read(ctx, key, off, n)
	}
	err = f.do(ctx, f.next(readCall(key, off, n)), question(func(ctx context.Context) error {
		var err error
		b, err = f.store.Read(ctx, key, off, n)
		return err
	}))
	if err != nil {
		return nil, err
	}
	return b, nil
}

// List is the wrapped store's, or fails as the hook says.
func (f *Faulty) List(ctx context.Context, prefix, after string) (page Page, err error) {
	err = f.do(ctx, f.next(listCall(prefix, after)), question(func(ctx context.Context) error {
		var err error
		page, err = f.store.List(ctx, prefix, after)
		return err
	}))
	if err != nil {
		return Page{}, err
	}
	return page, nil
}

// Delete is the wrapped store's, or fails as the hook says.
func (f *Faulty) Delete(ctx context.Context, keys ...string) error {
	if len(keys) == 0 {
		return f.store.Delete(ctx)
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

// step is a call in the measures in which it can happen: half, whole, or when
// nobody waits for its answer any more.
type step struct {
	half   func(context.Context)
	whole  func(context.Context) error
	unseen func(context.Context)
}

func change(half func(context.Context), whole func(context.Context) error) step {
	return step{half, whole, func(ctx context.Context) { _ = whole(ctx) }}
}

// question is a step that changes nothing, so that unseen it is not asked.
func question(ask func(context.Context) error) step {
	return step{func(ctx context.Context) { _ = ask(ctx) }, ask, func(context.Context) {}}
}

func (f *Faulty) do(ctx context.Context, fault Fault, s step) error {
	if fault.Late != nil {
		f.later(ctx, fault.Late, s)
		return firstError(fault.Before, fault.After, ErrFault)
	}
	if err := hold(ctx, fault.Until); err != nil {
		return err
	}
	switch {
	case fault.Before != nil:
		return fault.Before
	case fault.Midway != nil:
		s.half(ctx)
		return fault.Midway
	}
	return firstError(s.whole(ctx), fault.After)
}

// later lets the effect follow, whatever became of the caller.
func (f *Faulty) later(ctx context.Context, when <-chan struct{}, s step) {
	ctx = context.WithoutCancel(ctx)
	f.late.Go(func() {
		<-when
		s.unseen(ctx)
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

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
