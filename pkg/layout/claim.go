package layout

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"devicetrace/pkg/objstore"
)

// ErrConflict means that the bucket's layout differs from the configured one, or that the bucket
// has more than one marker or a marker that this version does not recognize.
var ErrConflict = errors.New("the bucket has another layout")

// ErrNoMarker means that the bucket has segments but no marker. It wraps ErrConflict, and its text
// says how to repair the bucket. Find does not return it, because Find does not look for segments.
var ErrNoMarker = fmt.Errorf("%w: it has segments but no marker. In the keys below %q, a shard looks like %s for 16 shards, %s for 256 and %s for 4096. "+
	"Put an empty object whose key ends in the matching number, such as %q",
	ErrConflict, EventsPrefix, Layout{16}.exampleShard(), Layout{256}.exampleShard(), Layout{4096}.exampleShard(), Layout{16}.Marker())

// Find returns the layout that the bucket's marker states. If there is no marker yet, it returns
// the zero Layout. If there is more than one marker, or a marker that this version does not
// recognize, it returns ErrConflict. Find makes one request.
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
			return Layout{}, twoMarkers(found, l)
		}
		found = l
	}
	return found, nil
}

// twoMarkers returns the error for a bucket that has the markers of two layouts. Its text says how
// to repair the bucket.
func twoMarkers(a, b Layout) error {
	return fmt.Errorf("%w: it has two markers, %q and %q. In the keys below %q, a shard looks like %s for %d shards and like %s for %d. "+
		"In all functions, set SHARDS to the number that matches these keys. Wait until no recorder with another number runs, then delete the other marker. "+
		"If there are no such keys, either number will do",
		ErrConflict, a.Marker(), b.Marker(), EventsPrefix, a.exampleShard(), a.Shards, b.exampleShard(), b.Shards)
}

func (l Layout) exampleShard() string { return "shard=" + "4f1"[:l.digits()] }

// Claimer lists the methods of an object store that Claim calls.
type Claimer interface {
	objstore.Lister
	Put(ctx context.Context, key string, body io.ReaderAt, size int64) error
}

// Claim gives a new bucket the layout l. If the bucket already has another layout, Claim returns
// ErrConflict. Claim makes one request, or three for a new bucket.
//
// Two callers may claim different layouts at the same time. Each caller puts its own marker first
// and then lists all markers. So at least one caller sees both markers and gets ErrConflict.
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
		return fmt.Errorf("%w: its marker is %q, but SHARDS is %d: set SHARDS to %d", ErrConflict, found.Marker(), l.Shards, found.Shards)
	}
	return nil
}
