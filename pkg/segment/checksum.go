package segment

import (
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"strings"

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
		sum, err := strconv.ParseUint(text[:16], 16, 64)
		if err != nil {
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
	size   int64 // passed on so far
	groups groupSums
	// kept is what is written of a row group, or behind the last one. The library
	// writes a few bytes at a time.
	kept []byte
}

// start is for another file, with the buffers of the last one.
func (c *checksums) start(out io.Writer) {
	c.out, c.size, c.groups, c.kept = out, 0, c.groups[:0], c.kept[:0]
}

func (c *checksums) Write(p []byte) (int, error) {
	c.kept = append(c.kept, p...)
	return len(p), nil
}

// WriteString spares the library a copy of each string.
func (c *checksums) WriteString(s string) (int, error) {
	c.kept = append(c.kept, s...)
	return len(s), nil
}

// endGroup passes a row group on, the first one behind the file's magic.
func (c *checksums) endGroup() error {
	group := c.kept
	if c.size == 0 {
		group = group[len(magic):]
	}
	c.groups = append(c.groups, xxhash.Sum64(group))
	err := c.pass(c.kept)
	c.kept = c.kept[:0]
	return err
}

func (c *checksums) pass(p []byte) error {
	n, err := c.out.Write(p)
	c.size += int64(n)
	return err
}

// end is what the library wrote behind the row groups: the page index, and the footer
// with its length and the magic.
func (c *checksums) end() (index, footer []byte) {
	start := len(c.kept) - int(footerSize(c.kept)) - trailerLength
	return c.kept[:start], c.kept[start:]
}

// writeEnd writes the footer's checksum between the two, and returns how long the end is
// that a reader needs.
func (c *checksums) writeEnd(index, footer []byte) (int64, error) {
	sum := binary.LittleEndian.AppendUint64(nil, xxhash.Sum64(footer))
	for _, part := range [][]byte{index, sum, footer} {
		if err := c.pass(part); err != nil {
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
