package record

import (
	"context"

	"devicetrace/pkg/layout"
)

// Claim makes sure that the bucket has the configured layout: a list, or two and a put on
// its first use; nothing once it was claimed. Append does it too, but a call after it
// has its puts as its only requests. ErrConflict of package layout: it has another.
func (w *Writer) Claim(ctx context.Context) error {
	_, err := w.claim(ctx)
	return err
}

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
