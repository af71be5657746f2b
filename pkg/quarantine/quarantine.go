// Package quarantine keeps input that could not be understood, with the reason,
// where an operator finds it.
//
// What always holds:
//   - An object's name is the digest of its own bytes, so its content never changes,
//     and to keep the same item again writes the same bytes to the same key.
//   - A body is kept byte for byte. Nothing else of a request is: no headers, no secrets.
//   - Nothing here deletes; how long it is kept is a rule of the bucket.
package quarantine

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
)

// Item is one request that could not be understood, or not as a whole.
type Item struct {
	// ReceivedAt is when it came; its UTC date is the day it is kept under.
	ReceivedAt time.Time
	// Route and InstanceID are the two parts of the webhook's path.
	Route      string
	InstanceID string
	// Errors says what was wrong, in the order of the body's items.
	Errors []Error
	// Body is what was received.
	Body []byte
}

// Error is what was wrong with one item of a body.
type Error struct {
	Item  int    `json:"item"`  // place in the body, from 0
	Field string `json:"field"` // as the source spells it; empty for the item itself
	Error string `json:"error"`
}

// Putter is the part of a store that Keep needs.
type Putter interface {
	Put(ctx context.Context, key string, body io.ReaderAt, size int64) error
}

// Keep stores the item and returns its id: one put. After an error it may be
// there or not; to call it again with the same item is safe.
func Keep(ctx context.Context, store Putter, item Item) (id string, err error) {
	data, err := encode(item)
	if err != nil {
		return "", err
	}
	id = digest(data)
	key := layout.QuarantineKey(item.ReceivedAt, id)
	if err := store.Put(ctx, key, bytes.NewReader(data), int64(len(data))); err != nil {
		return "", fmt.Errorf("put quarantined input %q: %w", key, err)
	}
	return id, nil
}

// Entry is an item of a listing.
type Entry struct {
	Day  layout.Day
	ID   string
	Size int64 // bytes of the object
}

// List returns what was received on a day, ordered by id: one request for each
// objstore.MaxPage of them, at least one. Keys that are none of ours are left out.
func List(ctx context.Context, store objstore.Lister, day layout.Day) ([]Entry, error) {
	objects, err := objstore.All(ctx, store, layout.QuarantineDayPrefix(day), "")
	if err != nil {
		return nil, fmt.Errorf("list quarantine of %s: %w", day, err)
	}
	var entries []Entry
	for _, object := range objects {
		if day, id, err := layout.ParseQuarantineKey(object.Key); err == nil {
			entries = append(entries, Entry{Day: day, ID: id, Size: object.Size})
		}
	}
	return entries, nil
}

// Reader is the part of a store that Get needs.
type Reader interface {
	Read(ctx context.Context, key string, off, n int64) ([]byte, error)
}

// Get reads an item of a listing, in one request. It refuses bytes that do not
// have the digest they are named by.
func Get(ctx context.Context, store Reader, entry Entry) (Item, error) {
	key := layout.QuarantineKey(entry.Day.Start(), entry.ID)
	data, err := store.Read(ctx, key, 0, entry.Size)
	if err != nil {
		return Item{}, fmt.Errorf("read quarantined input %q: %w", key, err)
	}
	if digest(data) != entry.ID {
		return Item{}, fmt.Errorf("read quarantined input %q: its bytes have another digest", key)
	}
	item, err := decode(data)
	if err != nil {
		return Item{}, fmt.Errorf("decode quarantined input %q: %w", key, err)
	}
	return item, nil
}

// digest is half a SHA-256, in hex: enough to keep two objects apart.
func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16])
}

func encode(item Item) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(toObject(item)); err != nil {
		return nil, fmt.Errorf("encode quarantined input: %w", err)
	}
	return b.Bytes(), nil
}

func decode(data []byte) (Item, error) {
	var o object
	if err := json.Unmarshal(data, &o); err != nil {
		return Item{}, err
	}
	return o.item(), nil
}
