package query

import (
	"context"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/parallel"
)

// withLayout calls do with the bucket's layout. If the layout is not known yet, withLayout calls do
// with the configured one, and looks up the actual one in parallel. If they differ, it calls do again,
// with the actual one. If the bucket has no layout marker, the actual one is the zero Layout.
//
// do is always called, even if the layout cannot be looked up.
func (r *Reader) withLayout(ctx context.Context, store *meter, do func(layout.Layout) error) error {
	if shards := int(r.shards.Load()); shards != 0 {
		return do(layout.Layout{Shards: shards})
	}
	configured := layout.Layout{Shards: r.config.Shards}
	var actual layout.Layout
	var earlyErr error
	err := parallel.Do(2, r.config.Parallel, func(i int) (err error) {
		if i == 0 {
			actual, err = layout.Find(ctx, store)
			return err
		}
		earlyErr = do(configured)
		return nil
	})
	if err != nil {
		return err
	}
	r.shards.Store(int64(actual.Shards))
	if actual == configured {
		return earlyErr
	}
	return do(actual)
}
