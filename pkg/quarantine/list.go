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
	Size int64 // size of the object, in bytes
}

// List returns up to limit items of a day, sorted by id, and reports whether more items follow. It
// starts after the item with the given id, or with the day's first item if the given id is zero. It
// skips objects whose keys are not valid keys of items.
//
// If limit is less than objstore.MaxPage, List normally makes a single request. It makes more
// requests only if it must skip many objects.
func List(ctx context.Context, store objstore.Lister, day layout.Day, after ID, limit int) (entries []Entry, more bool, err error) {
	last := ""
	if after != (ID{}) {
		last = after.key()
	}
	for object, err := range objstore.Each(ctx, store, layout.QuarantineDayPrefix(day), last) {
		if err != nil {
			return nil, false, fmt.Errorf("list quarantine of %s: %w", day, err)
		}
		id, err := idOfKey(object.Key)
		if err != nil {
			continue
		}
		if len(entries) == limit {
			return entries, true, nil
		}
		entries = append(entries, Entry{ID: id, Size: object.Size})
	}
	return entries, false, nil
}

// startBytes is the number of bytes that GetWithoutBody reads from the start of an object.
// Everything before the body normally fits into this length, even a thousand errors of the usual
// length.
const startBytes = 256 << 10

// GetWithoutBody reads an item without its body. It normally reads only the start of the object,
// with one request. It then cannot check the object's digest, so damage may go unnoticed. If the
// start does not contain all errors of the item, GetWithoutBody reads the whole object with a
// second request and checks the digest.
//
// The error wraps ErrDamaged if the item is damaged, or fs.ErrNotExist if there is no such item.
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
