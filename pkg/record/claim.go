package record

import (
	"context"

	"devicetrace/pkg/layout"
)

// Claim gives the bucket the configured layout, unless the bucket already has that layout. If the
// bucket has another layout, Claim returns layout.ErrConflict.
//
// Calling Claim is optional, because Append claims the layout if necessary. After Claim has
// succeeded, Append makes no requests except puts and deletes.
//
// The first successful call costs one list request, or two list requests and a put for a new
// bucket. Later calls cost nothing.
func (w *Writer) Claim(ctx context.Context) error {
	_, err := w.claim(ctx)
	return err
}

// claim is like Claim, but also returns the layout.
func (w *Writer) claim(ctx context.Context) (layout.Layout, error) {
	w.mu.Lock()
	known := w.layout
	w.mu.Unlock()
	if known.Shards != 0 {
		return known, nil
	}
	l := layout.Layout{Shards: w.config.Shards}
	if err := layout.Claim(ctx, w.store, l); err != nil {
		return layout.Layout{}, err
	}
	w.mu.Lock()
	w.layout = l
	w.mu.Unlock()
	return l, nil
}
