// Package parallel makes calls at the same time.
package parallel

import (
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
)

// Do calls do(0) to do(n-1), at most atOnce of them at a time (at least one), and joins
// their errors. The caller's own goroutine makes the last call, often the only one. Do
// returns when all calls have; if one of them panicked, Do panics then, and says where.
func Do(n, atOnce int, do func(i int) error) error {
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
	slots := make(chan struct{}, max(atOnce, 1))
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
