package segment

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"unsafe"

	"github.com/parquet-go/parquet-go/bloom/xxhash"
)

// A segment carries checksums of all that a reader parses: of each row group in
// the footer's metadata, and of the footer in the bytes before it. So nothing
// damaged reaches the Parquet library, whose own checks leave sizes and codecs
// unprotected.

const (
	// trailerLength is the footer's length and the magic behind it.
	trailerLength = 8
	// checksumLength is the footer's checksum, which stands before the footer.
	checksumLength = 8
	magic          = "PAR1"
)

// groupSums are the checksums of the row groups, in order.
type groupSums []uint64

// String is 16 hex digits a row group.
func (s groupSums) String() string {
	var b strings.Builder
	for _, sum := range s {
		fmt.Fprintf(&b, "%016x", sum)
	}
	return b.String()
}

func parseGroupSums(text string) (groupSums, error) {
	var sums groupSums
	for ; len(text) >= 16; text = text[16:] {
		var sum uint64
		if _, err := fmt.Sscanf(text[:16], "%016x", &sum); err != nil {
			return nil, fmt.Errorf("%w: checksum %q", ErrCorrupt, text[:16])
		}
		sums = append(sums, sum)
	}
	if text != "" {
		return nil, fmt.Errorf("%w: checksum %q", ErrCorrupt, text)
	}
	return sums, nil
}

// checksums passes a file on as the Parquet library writes it, sums up its row
// groups, and puts the checksum before the footer.
type checksums struct {
	out    io.Writer
	size   int64
	groups groupSums
	// kept is what was written of the row group, or, once it is held, of the footer.
	kept bytes.Buffer
	held bool
}

// start is for another file, with the buffers of the last one.
func (c *checksums) start(out io.Writer) {
	c.out, c.size, c.groups, c.held = out, 0, c.groups[:0], false
	c.kept.Reset()
}

func (c *checksums) Write(p []byte) (int, error) {
	if c.size >= int64(len(magic)) { // the file's first write is the magic alone
		c.kept.Write(p)
	}
	if c.held {
		return len(p), nil
	}
	return c.pass(p)
}

// WriteString spares the library a copy of each string.
func (c *checksums) WriteString(s string) (int, error) {
	return c.Write(unsafe.Slice(unsafe.StringData(s), len(s)))
}

func (c *checksums) pass(p []byte) (int, error) {
	n, err := c.out.Write(p)
	c.size += int64(n)
	return n, err
}

func (c *checksums) endGroup() {
	c.groups = append(c.groups, xxhash.Sum64(c.kept.Bytes()))
	c.kept.Reset()
}

// holdFooter keeps what is written from now on.
func (c *checksums) holdFooter() { c.held = true }

// writeHeld writes what was held, page index and footer, with the footer's checksum in
// its place, and returns how long the end is that a reader needs.
func (c *checksums) writeHeld() (int64, error) {
	held := c.kept.Bytes()
	start := len(held) - int(footerSize(held)) - trailerLength
	if _, err := c.pass(held[:start]); err != nil {
		return 0, err
	}
	return c.writeFooter(held[start:])
}

// writeFooter writes a footer, its length and the magic, behind their checksum.
func (c *checksums) writeFooter(footer []byte) (int64, error) {
	sum := binary.LittleEndian.AppendUint64(nil, xxhash.Sum64(footer))
	for _, part := range [][]byte{sum, footer} {
		if _, err := c.pass(part); err != nil {
			return 0, err
		}
	}
	return int64(len(sum) + len(footer)), nil
}

// footerSize is the length that the last bytes of a file state.
func footerSize(tail []byte) int64 {
	return int64(binary.LittleEndian.Uint32(tail[len(tail)-trailerLength:]))
}

// checkFooter compares the end of an object with its checksum.
func checkFooter(end []byte) error {
	if xxhash.Sum64(end[checksumLength:]) != binary.LittleEndian.Uint64(end) {
		return fmt.Errorf("%w: the footer's checksum is wrong", ErrCorrupt)
	}
	return nil
}
