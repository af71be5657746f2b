// Package quarantine keeps input that could not be understood, together with the reasons. An
// operator can list, read and replay such input.
//
// Invariants:
//   - The key of an object contains the digest of the object's bytes. Therefore the content under a
//     key never changes. If an item is kept again, the same bytes are written to the same key.
//   - A body is kept byte for byte, together with everything needed to decode it again. Nothing
//     else from a request is kept: no token and no other headers.
//   - The package deletes nothing. The bucket's lifecycle rules delete items when they expire.
package quarantine

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
)

// Item is one delivery that could not be understood, at least in part.
type Item struct {
	// ReceivedAt is when the delivery arrived. Its UTC date is part of the item's key.
	ReceivedAt time.Time
	// DeliveryID is the random identifier of the delivery; see broker.Meta.
	DeliveryID string
	// Route and InstanceID are the two variable parts of the webhook's path.
	Route      string
	InstanceID event.InstanceID
	// Hook and Position come from the sender's headers; see broker.Meta. Even an unusable position
	// is kept, because without it, a replay would decode the body into different events.
	Hook     string
	Position string
	// Encoding is the Content-Encoding that Body still has; empty for none.
	Encoding string
	// Errors lists what was wrong, in the order of the body's items.
	Errors []Error
	// Body is the whole body, including the items that were understood.
	Body []byte
}

// Error says what was wrong with one item of a body.
type Error struct {
	Item  int    `json:"item"`  // index of the item in the body, from 0
	Field string `json:"field"` // name of the field, as the source spells it; empty for the whole item
	Error string `json:"error"`
}

// ErrDamaged means that an object's bytes are not the bytes that Keep stored. Trying again does
// not help.
var ErrDamaged = errors.New("the object is damaged")

// Putter is the part of an object store that Keep needs.
type Putter interface {
	Put(ctx context.Context, key string, body io.ReaderAt, size int64) error
}

// Reader is the part of an object store that reading from the quarantine needs.
type Reader interface {
	objstore.Lister
	Read(ctx context.Context, key string, off, n int64) ([]byte, error)
}

// Keep stores the item and returns its id. It makes one request. After an error, the item may or
// may not be stored. It is safe to call Keep again with the same item.
func Keep(ctx context.Context, store Putter, item Item) (ID, error) {
	data, err := encode(item)
	if err != nil {
		return ID{}, err
	}
	id := ID{Day: layout.DayOf(item.ReceivedAt), Digest: digest(data)}
	if err := store.Put(ctx, id.key(), bytes.NewReader(data), int64(len(data))); err != nil {
		return ID{}, fmt.Errorf("put quarantined input %q: %w", id, err)
	}
	return id, nil
}

// Find returns the listing entry of an item. It makes one request. The error wraps fs.ErrNotExist if
// there is no such item.
func Find(ctx context.Context, store objstore.Lister, id ID) (Entry, error) {
	page, err := store.List(ctx, id.key(), "")
	if err != nil {
		return Entry{}, fmt.Errorf("find quarantined input %q: %w", id, err)
	}
	for _, object := range page.Objects {
		if object.Key == id.key() {
			return Entry{ID: id, Size: object.Size}, nil
		}
	}
	return Entry{}, fmt.Errorf("find quarantined input %q: %w", id, fs.ErrNotExist)
}

// Get finds and reads an item, as Find and Read do. It makes two requests.
func Get(ctx context.Context, store Reader, id ID) (Item, error) {
	entry, err := Find(ctx, store, id)
	if err != nil {
		return Item{}, err
	}
	return Read(ctx, store, entry)
}

// Read reads a whole item and checks its digest. It makes one request. The error wraps ErrDamaged if
// the object is damaged, and fs.ErrNotExist if there is no such item.
func Read(ctx context.Context, store Reader, entry Entry) (Item, error) {
	data, err := store.Read(ctx, entry.ID.key(), 0, entry.Size)
	if err != nil {
		return Item{}, fmt.Errorf("read quarantined input %q: %w", entry.ID, err)
	}
	if digest(data) != entry.ID.Digest {
		return Item{}, fmt.Errorf("read quarantined input %q: %w: its bytes have another digest", entry.ID, ErrDamaged)
	}
	item, err := decode(data)
	if err != nil {
		return Item{}, fmt.Errorf("decode quarantined input %q: %w: %w", entry.ID, ErrDamaged, err)
	}
	return item, nil
}

// digest returns the first half of the SHA-256 digest in hex. Half a digest is enough to
// distinguish two objects.
func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16])
}
