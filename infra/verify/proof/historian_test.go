package proof_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/segment"
)

// historian is a store that remembers every object ever put into it. It complains as soon as one
// of three rules is broken:
//
//   - A key is never put again with different content.
//   - The name of a compacted object contains the digest of the object's content.
//   - An object is deleted only if a later object holds all its events.
type historian struct {
	objstore.Store

	mu         sync.Mutex
	contents   map[string][]byte
	rows       map[string][]segment.Row // by key; see rowsUnder
	there      map[string]bool
	firstDay   layout.Day // objects of earlier days may be deleted; see expiring
	complaints []string
}

// content maps the identity of each event in an object to the event's delay, which is the time
// between the event and its receipt.
type content map[uint64]int64

// covers reports whether c contains every event of o, each with a delay no longer than in o.
func (c content) covers(o content) bool {
	for identity, delay := range o {
		if mine, held := c[identity]; !held || mine > delay {
			return false
		}
	}
	return true
}

func newHistorian(store objstore.Store) *historian {
	return &historian{Store: store, contents: map[string][]byte{}, rows: map[string][]segment.Row{}, there: map[string]bool{}}
}

func (h *historian) complain(format string, args ...any) {
	h.complaints = append(h.complaints, fmt.Sprintf(format, args...))
}

// broken returns a message for each violation that the historian has noticed so far.
func (h *historian) broken() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.complaints)
}

func (h *historian) Put(ctx context.Context, key string, body io.ReaderAt, size int64) error {
	data, err := io.ReadAll(io.NewSectionReader(body, 0, size))
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.Store.Put(ctx, key, bytes.NewReader(data), size); err != nil {
		return err
	}
	if before, known := h.contents[key]; known && !bytes.Equal(before, data) {
		h.complain("two contents under %q", key)
		delete(h.rows, key)
	}
	if _, name, err := layout.ParseKey(key); err == nil && !name.Fresh() {
		if digest := sha256.Sum256(data); hex.EncodeToString(digest[:]) != name.Digest {
			h.complain("%q is not named by its digest", key)
		}
	}
	h.contents[key], h.there[key] = data, true
	return nil
}

func (h *historian) Delete(ctx context.Context, keys ...string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, key := range keys {
		if _, known := h.contents[key]; known && !h.superseded(key, keys) {
			h.complain("%q is deleted, and no later object holds its events", key)
		}
	}
	if err := h.Store.Delete(ctx, keys...); err != nil {
		return err
	}
	for _, key := range keys {
		delete(h.there, key)
	}
	return nil
}

// superseded reports whether a single other object holds all events of the object under the given
// key. That other object must exist, sort later, and not be deleted in the same call.
func (h *historian) superseded(key string, deleted []string) bool {
	where, _, err := layout.ParseKey(key)
	if err != nil {
		return false
	}
	if where.Day < h.firstDay {
		return true
	}
	later := slices.Sorted(maps.Keys(h.there))
	for _, other := range slices.Backward(later) { // the last object is the most likely to hold the events
		if other <= key {
			break
		}
		elsewhere, _, err := layout.ParseKey(other)
		if err == nil && elsewhere == where && !slices.Contains(deleted, other) &&
			h.contentOf(other).covers(h.contentOf(key)) {
			return true
		}
	}
	return false
}

// decoded maps the digest of an object's bytes to the decoded content. All historians share this
// cache, because decoding takes up most of their time.
var decoded sync.Map

func (h *historian) contentOf(key string) content {
	digest := sha256.Sum256(h.contents[key])
	if known, found := decoded.Load(digest); found {
		return known.(content)
	}
	c := content{}
	for _, row := range h.rowsUnder(key) {
		c[row.Identity()] = row.ReceivedDelay
	}
	decoded.Store(digest, c)
	return c
}

// rowsUnder returns the rows of the object under the given key. It decodes each object once.
func (h *historian) rowsUnder(key string) []segment.Row {
	if rows, known := h.rows[key]; known {
		return rows
	}
	rows, err := rowsOf(key, h.contents[key])
	if err != nil {
		h.complain("%q cannot be read: %v", key, err)
	}
	h.rows[key] = rows
	return rows
}

// inMemory is a store that holds one object and returns this object for every key.
type inMemory []byte

func (m inMemory) Read(_ context.Context, _ string, off, n int64) ([]byte, error) {
	return m[off : off+n], nil
}

func rowsOf(key string, data []byte) (rows []segment.Row, err error) {
	object := segment.Object{Key: key, Size: int64(len(data))}
	footer, err := segment.OpenFooter(context.Background(), inMemory(data), object)
	if err != nil {
		return nil, err
	}
	cursor := segment.OpenCursor(inMemory(data), object, footer)
	defer cursor.Close()
	for {
		row, err := cursor.Next(context.Background())
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		rows = append(rows, *row)
	}
}

// The historian must complain about each violation of a rule, and about nothing else.
func TestTheHistorianComplains(t *testing.T) {
	const first, second = "0000000000000000000000000000000a", "0000000000000000000000000000000b"
	where := partitionA()
	one, two, three := at(clientA, 1), at(clientA, 2), at(clientA, 3)
	for _, c := range []struct {
		name string
		do   func(h *historian)
		want string
	}{
		{"same content again", func(h *historian) {
			put(t, h, where, layout.Name{Run: first, Seq: 1}, one)
			put(t, h, where, layout.Name{Run: first, Seq: 1}, one)
		}, ""},
		{"other content", func(h *historian) {
			put(t, h, where, layout.Name{Run: first, Seq: 1}, one)
			put(t, h, where, layout.Name{Run: first, Seq: 1}, two)
		}, "two contents"},
		{"a wrong digest", func(h *historian) {
			put(t, h, where, layout.Name{Level: 1, Digest: first + first, FooterLength: 1}, one)
		}, "not named by its digest"},
		{"superseded", func(h *historian) {
			key := put(t, h, where, layout.Name{Run: first, Seq: 1}, one)
			put(t, h, where, layout.Name{Run: first, Seq: 2}, one, two)
			require.NoError(t, h.Delete(t.Context(), key))
		}, ""},
		{"superseded in part only", func(h *historian) {
			key := put(t, h, where, layout.Name{Run: first, Seq: 1}, one, two)
			put(t, h, where, layout.Name{Run: second, Seq: 1}, one, three)
			require.NoError(t, h.Delete(t.Context(), key))
		}, "no later object"},
		{"superseded by an earlier key", func(h *historian) {
			put(t, h, where, layout.Name{Run: first, Seq: 1}, one)
			key := put(t, h, where, layout.Name{Run: second, Seq: 1}, one)
			require.NoError(t, h.Delete(t.Context(), key))
		}, "no later object"},
		{"superseded by a later delivery", func(h *historian) {
			key := put(t, h, where, layout.Name{Run: first, Seq: 1}, one)
			put(t, h, where, layout.Name{Run: second, Seq: 1}, receivedAt(one, noon.AddDate(0, 0, 1)))
			require.NoError(t, h.Delete(t.Context(), key))
		}, "no later object"},
		{"superseded by an object that is deleted with it", func(h *historian) {
			key := put(t, h, where, layout.Name{Run: first, Seq: 1}, one)
			other := put(t, h, where, layout.Name{Run: first, Seq: 2}, one, two)
			require.NoError(t, h.Delete(t.Context(), key, other))
		}, "no later object"},
		{"delete of an absent key", func(h *historian) {
			require.NoError(t, h.Delete(t.Context(), layout.Name{Run: first, Seq: 1}.Key(where)))
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHistorian(memstore.New())
			c.do(h)
			if c.want == "" {
				require.Empty(t, h.broken())
				return
			}
			require.NotEmpty(t, h.broken())
			require.Contains(t, h.broken()[0], c.want)
		})
	}
}
