package record

import (
	"context"

	"devicetrace/pkg/layout"
)

// Layout is the bucket's layout, which is the configured one: once it was claimed
// it is known without a request.
func (w *Writer) Layout(ctx context.Context) (layout.Layout, error) {
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
