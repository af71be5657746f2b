package segment

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
)

// RangeReader reads ranges of objects, as objstore.Store does.
type RangeReader interface {
	Read(ctx context.Context, key string, off, n int64) ([]byte, error)
}

// Object identifies a segment in a store.
type Object struct {
	Key  string
	Size int64
	// FooterLength is the number of bytes at the end of the object that contain its whole footer.
	// Zero means that it is unknown; reading the footer can then take a second request.
	FooterLength int64
	// IndexLength is the length of the object's index, which lies directly before the footer, in
	// bytes. Zero means that there is none, or that it is unknown.
	IndexLength int64
}

// ObjectError is the error for an object that is not a valid segment. Err wraps ErrCorrupt.
type ObjectError struct {
	Key string
	Err error
}

func (e *ObjectError) Error() string { return fmt.Sprintf("read segment %q: %v", e.Key, e.Err) }
func (e *ObjectError) Unwrap() error { return e.Err }

// defaultTail is the number of bytes to read first at the end of an object if the footer's length
// is unknown. Only unusually large footers need a second read.
const defaultTail = 64 << 10

// indexStart returns the offset of the object's index. It returns false if the length of the index or
// of the footer is unknown or impossible.
func (o Object) indexStart() (int64, bool) {
	start := o.Size - o.FooterLength - o.IndexLength
	return start, o.FooterLength > 0 && o.IndexLength > 0 && o.IndexLength <= maxFooter && start >= 0
}

// OpenIndex reads and parses an object's index. It makes one request. If the index is damaged or
// its length is unknown, OpenIndex falls back to OpenFooter.
func OpenIndex(ctx context.Context, store RangeReader, o Object) (*Footer, error) {
	start, known := o.indexStart()
	if !known {
		return OpenFooter(ctx, store, o)
	}
	index, err := store.Read(ctx, o.Key, start, o.IndexLength)
	if err != nil {
		return nil, err
	}
	if footer, err := ParseIndex(index, start); err == nil {
		return footer, nil
	}
	return OpenFooter(ctx, store, o)
}

// ParseWhole parses the index of an object. If the index is damaged or its length is unknown,
// ParseWhole falls back to ParseFooter. data is the whole object.
func ParseWhole(data []byte, o Object) (*Footer, error) {
	if start, known := o.indexStart(); known && int64(len(data)) == o.Size {
		if footer, err := ParseIndex(data[start:start+o.IndexLength], start); err == nil {
			return footer, nil
		}
	}
	return ParseFooter(data, o.Size)
}

// OpenFooter reads and parses an object's footer. It makes one request, or two if the footer's
// length is unknown and exceeds 64 KiB.
func OpenFooter(ctx context.Context, store RangeReader, o Object) (*Footer, error) {
	return open(ctx, store, o, o.FooterLength, ParseFooter)
}

// OpenBoth is like OpenFooter, but also reads the index. It returns an error if the index differs
// from the footer; see ParseBoth.
func OpenBoth(ctx context.Context, store RangeReader, o Object) (*Footer, error) {
	return open(ctx, store, o, o.FooterLength+o.IndexLength, func(tail []byte, size int64) (*Footer, error) {
		return ParseBoth(tail, size, o.IndexLength)
	})
}

// open reads and parses the last bytes of an object. want is the number of bytes to read, or zero
// if the footer's length is unknown.
func open(ctx context.Context, store RangeReader, o Object, want int64, parse func(tail []byte, size int64) (*Footer, error)) (*Footer, error) {
	if want == 0 {
		want = defaultTail
	}
	for {
		want = min(want, o.Size, 2*maxFooter) // at most a footer and an index
		tail, err := store.Read(ctx, o.Key, o.Size-want, want)
		if err != nil {
			return nil, err
		}
		length, err := FooterLength(tail, o.Size)
		if err != nil {
			return nil, &ObjectError{o.Key, err}
		}
		if length > want {
			want = length
			continue
		}
		footer, err := parse(tail, o.Size)
		if err != nil {
			return nil, &ObjectError{o.Key, err}
		}
		return footer, nil
	}
}

// Cursor streams a segment's rows in order. It makes one request per row group and holds one row
// group in memory. After the last row it checks the digest of all rows against the footer. It is
// not safe for concurrent use.
type Cursor struct {
	store  RangeReader
	object Object
	footer *Footer
	group  int          // index of the next row group to open
	reader *groupReader // reader of the open row group
	left   int64        // number of rows in the open row group that are not yet decoded
	raw    int64        // size of the rows of the open row group that are already decoded; see Group.Raw
	buffer []Row        // decoded rows
	next   int          // index of the next row in buffer
	digest Digest
}

// cursorRows is the number of rows that a cursor decodes at a time.
const cursorRows = 128

// OpenCursor returns a cursor that is positioned before the first row of an object. The caller
// supplies the object's footer, so OpenCursor makes no request.
func OpenCursor(store RangeReader, o Object, footer *Footer) *Cursor {
	return &Cursor{store: store, object: o, footer: footer}
}

// Next returns the next row, which is valid until the following call. After the last row, Next
// checks that the rows match the footer's digest, and then returns io.EOF. An *ObjectError means
// that the object is corrupt. An error from the store never matches io.EOF, so callers cannot
// mistake it for the end of the rows.
func (c *Cursor) Next(ctx context.Context) (*Row, error) {
	if c.next == len(c.buffer) {
		if err := c.fill(ctx); err != nil {
			return nil, err
		}
	}
	row := &c.buffer[c.next]
	c.next++
	return row, nil
}

func (c *Cursor) fill(ctx context.Context) error {
	var data []byte
	if c.left == 0 {
		var err error
		if data, err = c.readGroup(ctx); err != nil {
			return err
		}
	}
	if err := c.decode(data); err != nil {
		return &ObjectError{c.object.Key, err}
	}
	return nil
}

// decode decodes the next rows of the open row group into the buffer. If no rows are left in this
// group, decode first opens the next row group, which data must contain. Otherwise, it ignores
// data.
func (c *Cursor) decode(data []byte) error {
	if c.left == 0 {
		if err := c.openGroup(data); err != nil {
			return err
		}
	}
	var last *Row // the row before the next one
	if n := len(c.buffer); n > 0 {
		row := c.buffer[n-1] // a copy, because the buffer is reused
		last = &row
	}
	n := int(min(c.left, cursorRows))
	rows := slices.Grow(c.buffer[:0], n)[:n]
	clear(rows[n:cap(rows)]) // the unused rows would keep texts of earlier rows in memory
	if err := c.reader.read(rows, c.reader.rows-int(c.left)); err != nil {
		return err
	}
	c.left -= int64(len(rows))
	for i := range rows {
		if last != nil && last.Compare(&rows[i]) > 0 {
			return fmt.Errorf("%w: rows out of order", ErrCorrupt)
		}
		last = &rows[i]
		c.raw += c.digest.Add(&rows[i])
	}
	if stated := c.footer.groups[c.group-1].Raw; c.raw > stated || c.left == 0 && c.raw < stated {
		return fmt.Errorf("%w: the rows of row group %d take %d bytes, but the footer states %d", ErrCorrupt, c.group-1, c.raw, stated)
	}
	c.buffer, c.next = rows, 0
	return nil
}

// readGroup reads the next row group. After the last row group, it checks the digest and
// returns io.EOF.
func (c *Cursor) readGroup(ctx context.Context) ([]byte, error) {
	c.Close()
	if c.group == len(c.footer.groups) {
		return nil, c.finish()
	}
	g := c.footer.groups[c.group]
	data, err := c.store.Read(ctx, c.object.Key, g.Offset, g.Length)
	if err != nil {
		return nil, storeError{err}
	}
	return data, nil
}

func (c *Cursor) openGroup(data []byte) error {
	g := &c.footer.groups[c.group]
	reader, err := c.footer.openGroup(g, data)
	if err != nil {
		return err
	}
	c.reader = reader
	c.group, c.left, c.raw = c.group+1, g.Rows, 0
	return nil
}

// storeError wraps a store error so that it does not match io.EOF. The error from a broken
// connection may wrap io.EOF. Without storeError, a merge would take such an error for the end of
// the rows and lose the remaining rows.
type storeError struct{ error }

func (e storeError) Is(target error) bool { return target != io.EOF && errors.Is(e.error, target) }
func (e storeError) As(target any) bool   { return errors.As(e.error, target) }

func (c *Cursor) finish() error {
	if !c.digest.Equal(c.footer.digest) {
		return &ObjectError{c.object.Key, fmt.Errorf("%w: the rows do not match the footer's number and hash", ErrCorrupt)}
	}
	return io.EOF
}

// Digest returns the digest of the rows decoded so far.
func (c *Cursor) Digest() Digest { return c.digest }

// Close frees the cursor's memory. It may be called more than once.
func (c *Cursor) Close() {
	if c.reader != nil {
		c.reader.close()
		c.reader = nil
	}
}
