package segment

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// RangeReader reads n bytes of the object under key from an offset.
type RangeReader interface {
	Read(ctx context.Context, key string, off, n int64) ([]byte, error)
}

// Object names a segment in a store.
type Object struct {
	Key  string
	Size int64
	// FooterLength, where it is known, saves a request; 0 is unknown.
	FooterLength int64
}

// ObjectError is an object that is no sound segment: Err is ErrCorrupt and why.
type ObjectError struct {
	Key string
	Err error
}

func (e *ObjectError) Error() string { return fmt.Sprintf("read segment %q: %v", e.Key, e.Err) }
func (e *ObjectError) Unwrap() error { return e.Err }

// tailGuess is how much of an object's end is read where the footer's length is
// not known: enough for all but the largest.
const tailGuess = 64 << 10

// OpenFooter reads and parses an object's footer: one request, or two where the
// length was not known and is beyond the guess.
func OpenFooter(ctx context.Context, store RangeReader, o Object) (*Footer, error) {
	want := o.FooterLength
	if want == 0 {
		want = tailGuess
	}
	for {
		want = min(want, o.Size)
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
		footer, err := ParseFooter(tail, o.Size)
		if err != nil {
			return nil, &ObjectError{o.Key, err}
		}
		return footer, nil
	}
}

// Cursor streams a segment's rows in order, one row group in memory at a time: one
// request a row group. At the end it checks the rows against the footer's digest.
type Cursor struct {
	store  RangeReader
	object Object
	footer *Footer
	group  int
	reader *groupReader
	left   int64
	buffer []Row
	next   int
	digest Digest
}

// cursorRows is how many rows a cursor decodes at a time.
const cursorRows = 128

// OpenCursor is a cursor before the first row of the object, whose footer was read.
func OpenCursor(store RangeReader, o Object, footer *Footer) *Cursor {
	return &Cursor{store: store, object: o, footer: footer}
}

// Next is the next row, valid until the following call, or io.EOF after the last
// one if all rows were what the footer says. ErrCorrupt: the object is not sound. An
// error of the store is never io.EOF here.
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

// decode goes on to the next rows. data is the next row group, once the last is at its
// end.
func (c *Cursor) decode(data []byte) (err error) {
	defer guard(&err)
	if c.left == 0 {
		if err := c.openGroup(data); err != nil {
			return err
		}
	}
	rows := c.room(int(min(c.left, cursorRows)))
	if err := c.reader.read(rows); err != nil {
		return err
	}
	c.left -= int64(len(rows))
	for i := range rows {
		if i > 0 && rows[i-1].Compare(&rows[i]) > 0 {
			return fmt.Errorf("%w: rows out of order", ErrCorrupt)
		}
		c.digest.Add(&rows[i])
	}
	c.buffer, c.next = rows, 0
	return nil
}

// room is space for n rows: the last buffer's, once it is large enough.
func (c *Cursor) room(n int) []Row {
	if cap(c.buffer) < n {
		return make([]Row, n)
	}
	return c.buffer[:n]
}

// readGroup reads the next row group. After the last it checks the rows, and is io.EOF.
func (c *Cursor) readGroup(ctx context.Context) ([]byte, error) {
	c.Close()
	if c.group == len(c.footer.groups) {
		return nil, c.finish()
	}
	g := c.footer.groups[c.group]
	data, err := c.store.Read(ctx, c.object.Key, g.Offset, g.Length)
	if err != nil {
		return nil, interrupted{err}
	}
	return data, nil
}

func (c *Cursor) openGroup(data []byte) error {
	g := c.footer.groups[c.group]
	reader, err := c.footer.openGroup(g, data)
	if err != nil {
		return err
	}
	c.reader = reader
	c.group, c.left = c.group+1, g.Rows
	return nil
}

// interrupted is an error of the store that is never io.EOF, which it can be where a
// connection was cut: a merge would take that for the end of the rows, and lose the rest.
type interrupted struct{ error }

func (e interrupted) Is(target error) bool { return target != io.EOF && errors.Is(e.error, target) }
func (e interrupted) As(target any) bool   { return errors.As(e.error, target) }

func (c *Cursor) finish() error {
	if !c.digest.Equal(c.footer.digest) {
		return &ObjectError{c.object.Key, fmt.Errorf("%w: its rows are not those that its footer describes", ErrCorrupt)}
	}
	return io.EOF
}

// Digest is that of the rows read so far.
func (c *Cursor) Digest() Digest { return c.digest }

// Close frees what the cursor holds. It may be called more than once.
func (c *Cursor) Close() {
	if c.reader != nil {
		c.reader.close()
		c.reader = nil
	}
}
