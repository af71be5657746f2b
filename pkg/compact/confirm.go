package compact

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/segment"
)

// confirm reads a whole compacted segment from the store. It returns nil only if all rows can be
// read, the rows match the footer, the index matches the footer, and the bytes have the digest in the
// segment's key.
func (c *Compactor) confirm(ctx context.Context, s layout.Segment) error {
	footer, err := segment.OpenBoth(ctx, sized{c.store}, object(s))
	if err != nil {
		return err
	}
	whole := &hashing{store: sized{c.store}, key: s.Key, sum: sha256.New()}
	cursor := segment.OpenCursor(whole, object(s), footer)
	defer cursor.Close()
	for err == nil {
		_, err = cursor.Next(ctx)
	}
	if !errors.Is(err, io.EOF) {
		return err
	}
	if err := whole.readTo(ctx, s.Size); err != nil {
		return err
	}
	if got := hex.EncodeToString(whole.sum.Sum(nil)); got != s.Name.Digest {
		return &segment.ObjectError{Key: s.Key, Err: fmt.Errorf("%w: its bytes have the SHA-256 digest %s, not the one in its name", segment.ErrCorrupt, got)}
	}
	return nil
}

// hashing reads an object from start to end, and computes the digest of its bytes.
type hashing struct {
	store segment.RangeReader
	key   string
	sum   hash.Hash
	read  int64 // number of bytes read so far
}

// Read reads a range. It first reads the unread bytes before the range, so that the digest covers
// every byte.
func (h *hashing) Read(ctx context.Context, key string, off, n int64) ([]byte, error) {
	if err := h.readTo(ctx, off); err != nil {
		return nil, err
	}
	data, err := h.store.Read(ctx, key, off, n)
	if err == nil {
		h.sum.Write(data)
		h.read = off + n
	}
	return data, err
}

// readTo reads the bytes up to the offset end that have not been read yet.
func (h *hashing) readTo(ctx context.Context, end int64) error {
	const blockBytes = 1 << 20
	for h.read < end {
		if _, err := h.Read(ctx, h.key, h.read, min(end-h.read, blockBytes)); err != nil {
			return err
		}
	}
	return nil
}
