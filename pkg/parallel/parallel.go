// Package parallel runs calls concurrently, up to a limit.
package parallel

import (
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
)

// Do calls do(0) to do(n-1), at most limit of them at a time. A limit below 1 means 1. Do waits
// until all calls have returned. It then returns their errors, joined with errors.Join.
//
// If a call panics, Do first waits for the other calls. It then panics with the value and the stack
// of that panic.
//
// The last call runs on the caller's goroutine, so a single call needs no other goroutine.
func Do(n, limit int, do func(i int) error) error {
	errs := make([]error, n)
	panics := make([]any, n)
	call := func(i int) {
		defer func() {
			if p := recover(); p != nil {
				panics[i] = fmt.Sprintf("%v\n%s", p, debug.Stack())
			}
		}()
		errs[i] = do(i)
	}
	slots := make(chan struct{}, max(limit, 1))
	var others sync.WaitGroup
	for i := range n {
		slots <- struct{}{}
		if i == n-1 {
			call(i)
			break
		}
		others.Go(func() {
			defer func() { <-slots }()
			call(i)
		})
	}
	others.Wait()
	for _, p := range panics {
		if p != nil {
			panic(p)
		}
	}
	return errors.Join(errs...)
}
