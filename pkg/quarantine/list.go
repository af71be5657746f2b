package quarantine

import (
	"context"
	"errors"
	"fmt"
	"io"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
)

// Entry is one item of a listing.
type Entry struct {
	ID   ID
	Size int64 // bytes of the object
}

// List returns up to limit items of a day, in the order of their ids. It starts after the
// given id, or at the beginning if after is zero, and reports whether more items follow. It
// skips keys that are not the key of an item, and costs one request unless such keys fill
// whole listing pages.
func List(ctx context.Context, store objstore.Lister, day layout.Day, after ID, limit int) (entries []Entry, more bool, err error) {
	last := ""
	if after != (ID{}) {
		last = after.key()
	}
	for {
		page, err := store.List(ctx, layout.QuarantineDayPrefix(day), last)
		if err != nil {
			return nil, false, fmt.Errorf("list quarantine of %s: %w", day, err)
		}
		for _, object := range page.Objects {
			last = object.Key
			id, err := idOfKey(object.Key)
			if err != nil {
				continue
			}
			if len(entries) == limit {
				return entries, true, nil
			}
			entries = append(entries, Entry{ID: id, Size: object.Size})
		}
		if !page.More || len(page.Objects) == 0 {
			return entries, false, nil
		}
	}
}

// startBytes is the number of bytes that are read of an object to get everything before its
// body. A thousand errors of usual length fit.
const startBytes = 256 << 10

// GetWithoutBody reads an item except for its body, in one request, or in two if it has very
// many errors. It does not check the digest, so it misses some damage. Errors: ErrDamaged;
// fs.ErrNotExist.
func GetWithoutBody(ctx context.Context, store Reader, entry Entry) (Item, error) {
	start, err := store.Read(ctx, entry.ID.key(), 0, min(entry.Size, startBytes))
	if err != nil {
		return Item{}, fmt.Errorf("read quarantined input %q: %w", entry.ID, err)
	}
	item, err := decodeStart(start)
	if errors.Is(err, io.ErrUnexpectedEOF) && entry.Size > startBytes {
		item, err = read(ctx, store, entry)
		item.Body = nil
		return item, err
	}
	if err != nil {
		return Item{}, fmt.Errorf("decode quarantined input %q: %w: %w", entry.ID, ErrDamaged, err)
	}
	return item, nil
}
