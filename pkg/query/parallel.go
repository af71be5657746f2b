package query

import (
	"errors"
	"sync"
)

// inParallel calls do(0) to do(n-1), at most so many at once, and joins their errors.
func inParallel(n, atOnce int, do func(i int) error) error {
	errs := make([]error, n)
	slots := make(chan struct{}, max(atOnce, 1))
	var all sync.WaitGroup
	for i := range n {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			errs[i] = do(i)
		})
	}
	all.Wait()
	return errors.Join(errs...)
}
