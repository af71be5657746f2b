package segment

import (
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go/bloom/xxhash"
)

// Checksums cover every part of a segment that a reader parses. The checksums of the row groups are
// in the footer's metadata. The footer's own checksum is stored right before the footer.
//
// Readers verify a checksum before they parse the bytes that it covers. So no damaged byte reaches
// the Parquet library, which does not check sizes and codecs itself.

const (
	// trailerLength is the total size, in bytes, of the last two fields of a file: the footer's
	// length and the magic.
	trailerLength = 8
	// checksumLength is the size of the footer's checksum, in bytes.
	checksumLength = 8
	magic          = "PAR1"
)

// groupChecksums holds the checksums of the row groups, in order.
type groupChecksums []uint64

// String formats the checksums as 16 hex digits per row group.
func (s groupChecksums) String() string {
	var b strings.Builder
	for _, sum := range s {
		fmt.Fprintf(&b, "%016x", sum)
	}
	return b.String()
}

func parseGroupChecksums(text string) (groupChecksums, error) {
	var sums groupChecksums
	for ; len(text) >= 16; text = text[16:] {
		sum, err := strconv.ParseUint(text[:16], 16, 64)
		if err != nil {
			return nil, fmt.Errorf("%w: checksum %q is not hexadecimal", ErrCorrupt, text[:16])
		}
		sums = append(sums, sum)
	}
	if text != "" {
		return nil, fmt.Errorf("%w: checksum %q is shorter than 16 digits", ErrCorrupt, text)
	}
	return sums, nil
}

// checksumWriter receives a file from the Parquet library and computes the checksums. It passes
// each complete row group to out. At the end it passes the rest of the file to out, and inserts the
// footer's checksum right before the footer.
type checksumWriter struct {
	out    io.Writer
	size   int64 // bytes written to out
	groups groupChecksums
	// buffer holds the current row group or, after the last row group, the end of the file. A
	// buffer is necessary because the library writes only a few bytes at a time.
	buffer []byte
}

// reset starts another file and reuses the buffers.
func (c *checksumWriter) reset(out io.Writer) {
	c.out, c.size, c.groups, c.buffer = out, 0, c.groups[:0], c.buffer[:0]
}

func (c *checksumWriter) Write(p []byte) (int, error) {
	c.buffer = append(c.buffer, p...)
	return len(p), nil
}

// WriteString saves the library from converting each string to a byte slice.
func (c *checksumWriter) WriteString(s string) (int, error) {
	c.buffer = append(c.buffer, s...)
	return len(s), nil
}

// endGroup writes the current row group to out. Before the first row group, the buffer also holds
// the file's magic, which is not included in the checksum.
func (c *checksumWriter) endGroup() error {
	group := c.buffer
	if c.size == 0 {
		group = group[len(magic):]
	}
	c.groups = append(c.groups, xxhash.Sum64(group))
	err := c.flush(c.buffer)
	c.buffer = c.buffer[:0]
	return err
}

func (c *checksumWriter) flush(p []byte) error {
	n, err := c.out.Write(p)
	c.size += int64(n)
	return err
}

// footer returns the footer at the end of the file, the footer's length and the magic.
func (c *checksumWriter) footer() []byte {
	return c.buffer[len(c.buffer)-int(footerSize(c.buffer))-trailerLength:]
}

// writeEnd writes the bytes in before, then the footer's checksum, then the footer. It returns the
// total length of the checksum and the footer, in bytes.
func (c *checksumWriter) writeEnd(before, footer []byte) (int64, error) {
	sum := binary.LittleEndian.AppendUint64(nil, xxhash.Sum64(footer))
	for _, part := range [][]byte{before, sum, footer} {
		if err := c.flush(part); err != nil {
			return 0, err
		}
	}
	return int64(len(sum) + len(footer)), nil
}

// footerSize returns the length of the footer, as stated in the last bytes of a file.
func footerSize(tail []byte) int64 {
	return int64(binary.LittleEndian.Uint32(tail[len(tail)-trailerLength:]))
}

// checkFooter verifies the footer's checksum. end is the part of the object from this checksum to
// the last byte.
func checkFooter(end []byte) error {
	if xxhash.Sum64(end[checksumLength:]) != binary.LittleEndian.Uint64(end) {
		return fmt.Errorf("%w: the footer's checksum is wrong", ErrCorrupt)
	}
	return nil
}
