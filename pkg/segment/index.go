package segment

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"github.com/parquet-go/parquet-go/bloom/xxhash"
	"github.com/parquet-go/parquet-go/format"
)

// The index is a compact form of the footer. It contains everything that our own readers need, and
// lies directly before the footer, which is for other readers. FORMAT.md defines it.

const (
	// indexTrailer is the total size, in bytes, of the last two fields of an index: the length of
	// the bytes before these fields, and the checksum of all bytes before the checksum.
	indexTrailer = 4 + checksumLength
	// maxShared is the maximum number of leading bytes that a client identifier can omit because
	// the previous one begins with the same bytes. It limits the memory that a hostile index can
	// make us allocate.
	maxShared = 255
)

// encodeIndex returns the index of a segment.
func (f *Footer) encodeIndex() []byte {
	b := binary.AppendUvarint(nil, SchemaVersion)
	b = binary.AppendUvarint(b, uint64(f.codec))
	b = binary.AppendUvarint(b, uint64(f.digest.Rows))
	b = binary.LittleEndian.AppendUint64(b, f.digest.Sum)
	b = binary.AppendUvarint(b, uint64(len(f.groups)))
	var before Group
	for i := range f.groups {
		b = f.groups[i].appendTo(b, &before)
		before = f.groups[i]
	}
	b = appendString(b, strings.Join(f.holds, ","))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(b)))
	return binary.LittleEndian.AppendUint64(b, xxhash.Sum64(b))
}

// appendTo appends the row group, encoded as in the index. before is the previous row group, or the
// zero Group.
func (g *Group) appendTo(b []byte, before *Group) []byte {
	for _, n := range []int64{g.Rows, g.Raw, g.plain, g.encoded} {
		b = binary.AppendUvarint(b, uint64(n))
	}
	b = binary.LittleEndian.AppendUint64(b, g.checksum)
	b = appendAfter(b, g.first, before.last)
	b = appendAfter(b, g.last, g.first)
	b = binary.AppendVarint(b, g.from-before.from)
	b = binary.AppendVarint(b, g.to-g.from)
	for _, length := range g.chunks {
		b = binary.AppendUvarint(b, uint64(length))
	}
	return b
}

// appendAfter appends a text in two parts: the number of leading bytes that it shares with another
// text, and its remaining bytes. The other text is before, the previous one in the index.
func appendAfter(b []byte, text, before string) []byte {
	shared := 0
	for shared < min(len(text), len(before), maxShared) && text[shared] == before[shared] {
		shared++
	}
	return appendString(binary.AppendUvarint(b, uint64(shared)), text[shared:])
}

// ParseIndex checks and parses the index of a segment. offset is the offset of the index in the
// object.
func ParseIndex(index []byte, offset int64) (*Footer, error) {
	n := len(index) - indexTrailer
	if n < 0 || n > maxFooter || int64(binary.LittleEndian.Uint32(index[n:])) != int64(n) {
		return nil, fmt.Errorf("%w: %d bytes are no index", ErrCorrupt, len(index))
	}
	if xxhash.Sum64(index[:n+4]) != binary.LittleEndian.Uint64(index[n+4:]) {
		return nil, fmt.Errorf("%w: the checksum of its index is wrong", ErrCorrupt)
	}
	r := byteReader{data: index[:n]}
	if version := r.uvarint(); version != SchemaVersion {
		return nil, fmt.Errorf("%w: its index has the schema version %d instead of %d", ErrCorrupt, version, SchemaVersion)
	}
	f := &Footer{codec: format.CompressionCodec(r.number(math.MaxInt32))}
	f.digest = Digest{Rows: r.number(math.MaxInt64), Sum: r.uint64()}
	if err := f.parseGroups(&r, offset); err != nil {
		return nil, err
	}
	if holds := r.text(""); holds != "" {
		f.holds = strings.Split(holds, ",")
	}
	if r.failed || len(r.rest()) > 0 {
		return nil, fmt.Errorf("%w: its index is damaged", ErrCorrupt)
	}
	return f, f.checkRows()
}

// parseGroups parses the row groups in an index. end is the offset before which all row groups must
// end.
func (f *Footer) parseGroups(r *byteReader, end int64) error {
	const minBytes = 16 + columnCount // of a row group in an index
	n := r.number(int64(len(r.rest()) / minBytes))
	f.groups = make([]Group, 0, n)
	before := Group{Length: int64(len(magic))}
	for range n {
		g := parseGroup(r, &before)
		if r.failed {
			return fmt.Errorf("%w: its index is damaged", ErrCorrupt)
		}
		if err := f.add(g, end); err != nil {
			return err
		}
		before = g
	}
	return nil
}

// parseGroup parses a row group in an index; see Group.appendTo.
func parseGroup(r *byteReader, before *Group) Group {
	g := Group{Offset: before.Offset + before.Length}
	for _, n := range []*int64{&g.Rows, &g.Raw, &g.plain, &g.encoded} {
		*n = r.number(columnCount * math.MaxUint32)
	}
	g.checksum = r.uint64()
	g.first = r.after(before.last)
	g.last = r.after(g.first)
	g.from = before.from + r.varint()
	g.to = g.from + r.varint()
	for i := range g.chunks {
		g.chunks[i] = uint32(r.number(math.MaxUint32))
		g.Length += int64(g.chunks[i])
	}
	return g
}

// findIndex returns the index at the end of the given bytes, or nil if there is none.
func findIndex(b []byte) []byte {
	n := len(b) - indexTrailer
	if n < 0 {
		return nil
	}
	length := int64(binary.LittleEndian.Uint32(b[n:]))
	if length > int64(n) {
		return nil
	}
	return b[int64(n)-length:]
}
