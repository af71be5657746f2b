package check

import "context"

// blockBytes is how much of an object is read at once: most objects in one request.
const blockBytes = 1 << 20

// blocks reads an object block by block and keeps the last one.
type blocks struct {
	store Store
	key   string
	size  int64

	block []byte
	start int64
}

// Read puts a range together from blocks. The range lies within the object's size.
func (b *blocks) Read(ctx context.Context, _ string, off, n int64) ([]byte, error) {
	data := make([]byte, 0, n)
	for int64(len(data)) < n {
		at := off + int64(len(data))
		if err := b.load(ctx, at-at%blockBytes); err != nil {
			return nil, err
		}
		part := b.block[at-b.start:]
		data = append(data, part[:min(int64(len(part)), n-int64(len(data)))]...)
	}
	return data, nil
}

func (b *blocks) load(ctx context.Context, start int64) error {
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
