package quarantine

import (
	"context"
	"fmt"
	"time"

	"devicetrace/pkg/event"
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

// Summary is the part of an item that a listing shows.
type Summary struct {
	ReceivedAt time.Time
	Route      string
	InstanceID event.InstanceID
	Errors     int    // number of errors
	FirstError *Error // nil if there are no errors
}

// startBytes is the number of bytes that GetSummary reads from the start of an object. All fields
// up to and including the first error fit into it, because the recorder limits header values and
// instance names, and a decoder's error is a single sentence.
const startBytes = 16 << 10

// GetSummary reads an item's summary with one request, from the start of the object only. It
// therefore cannot check the object's digest, so damage may go unnoticed.
//
// The error wraps ErrDamaged if the start is damaged, or fs.ErrNotExist if there is no such item.
func GetSummary(ctx context.Context, store Reader, entry Entry) (Summary, error) {
	start, err := store.Read(ctx, entry.ID.key(), 0, min(entry.Size, startBytes))
	if err != nil {
		return Summary{}, fmt.Errorf("read quarantined input %q: %w", entry.ID, err)
	}
	summary, err := decodeSummary(start)
	if err != nil {
		return Summary{}, fmt.Errorf("decode quarantined input %q: %w: %w", entry.ID, ErrDamaged, err)
	}
	return summary, nil
}
