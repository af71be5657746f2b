package check

import "context"

// blockBytes is the maximum number of bytes that one request reads. Most objects are smaller
// than a block and take a single request.
const blockBytes = 1 << 20

// blockReader reads an object block by block and keeps the last block in memory.
type blockReader struct {
	store Store
	key   string
	size  int64

	block []byte
	start int64
}

// Read assembles a range of the object from blocks. The range must lie within the object. Read
// ignores its key argument.
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

// load reads the block that begins at offset start, unless it is already in memory.
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
