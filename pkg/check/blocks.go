package check

import "context"

// blockBytes is the number of bytes that one request reads. Most objects are smaller and
// take a single request.
const blockBytes = 1 << 20

// blockReader reads an object block by block and keeps the last block.
type blockReader struct {
	store Store
	key   string
	size  int64

	block []byte
	start int64
}

// Read assembles a range, which must lie within the object, from blocks. It ignores the key.
func (b *blockReader) Read(ctx context.Context, _ string, off, n int64) ([]byte, error) {
	data := make([]byte, 0, n)
	for int64(len(data)) < n {
		at := off + int64(len(data))
		if err := b.load(ctx, at-at%blockBytes); err != nil {
			return nil, err
		}
		rest := b.block[at-b.start:]
		data = append(data, rest[:min(int64(len(rest)), n-int64(len(data)))]...)
	}
	return data, nil
}

// load makes the block that begins at start the current one.
func (b *blockReader) load(ctx context.Context, start int64) error {
	if b.block != nil && b.start == start {
		return nil
	}
	block, err := b.store.Read(ctx, b.key, start, min(blockBytes, b.size-start))
	if err != nil {
		return err
	}
	b.block, b.start = block, start
	return nil
}
