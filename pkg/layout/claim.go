package layout

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"devicetrace/pkg/objstore"
)

// ErrConflict: the bucket is divided otherwise than configured, or in two ways.
var ErrConflict = errors.New("the bucket has another layout")

// Find is the layout that the bucket's marker names, the zero Layout where there
// is no marker yet: one request. ErrConflict where markers contradict each other.
func Find(ctx context.Context, store objstore.Lister) (Layout, error) {
	page, err := store.List(ctx, MarkerPrefix, "")
	if err != nil {
		return Layout{}, fmt.Errorf("find layout: %w", err)
	}
	var found Layout
	for _, o := range page.Objects {
		l, err := ParseMarker(o.Key)
		if err != nil {
			return Layout{}, fmt.Errorf("%w: %w", ErrConflict, err)
		}
		if found.Shards != 0 {
			return Layout{}, fmt.Errorf("%w: both %q and %q are there", ErrConflict, found.Marker(), o.Key)
		}
		found = l
	}
	return found, nil
}

// Claimer is what Claim needs of a store.
type Claimer interface {
	objstore.Lister
	Put(ctx context.Context, key string, body io.ReaderAt, size int64) error
}

// Claim makes sure that the bucket has layout l: one request, or three on the
// bucket's first use. Two that claim different layouts at once both see it, for
// each lists after its own marker is durable.
func Claim(ctx context.Context, store Claimer, l Layout) error {
	found, err := Find(ctx, store)
	if err != nil {
		return err
	}
	if found.Shards == 0 {
		if err := store.Put(ctx, l.Marker(), bytes.NewReader(nil), 0); err != nil {
			return fmt.Errorf("claim layout: %w", err)
		}
		if found, err = Find(ctx, store); err != nil {
			return err
		}
	}
	if found != l {
		return fmt.Errorf("%w: %q is there, and %d shards are configured", ErrConflict, found.Marker(), l.Shards)
	}
	return nil
}
