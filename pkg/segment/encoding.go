package segment

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// The functions in this file decode the encodings that segments use. They decode at most n values,
// and never allocate more memory than n values take. They overwrite the slice passed as values if
// its capacity suffices. They ignore bytes after the values.

// errValues is the error for damaged or missing values.
var errValues = fmt.Errorf("%w: damaged values in a page", ErrCorrupt)

// unpack appends the first n integers that are packed into b. width is the width of an integer, in
// bits.
func unpack[T uint32 | int64](values []T, b []byte, width, n int) []T {
	at := 0 // in bits
	if width <= 56 {
		mask := uint64(1)<<width - 1
		for ; n > 0 && at/8+8 <= len(b); n-- {
			values = append(values, T(binary.LittleEndian.Uint64(b[at/8:])>>(at%8)&mask))
			at += width
		}
	}
	for ; n > 0; n-- {
		values = append(values, T(packed(b, at, width)))
		at += width
	}
	return values
}

// packed returns the integer of the given width, in bits, that begins at bit number at of b.
func packed(b []byte, at, width int) uint64 {
	var bytes [9]byte
	copy(bytes[:], b[at/8:])
	shift := at % 8
	value := binary.LittleEndian.Uint64(bytes[:]) >> shift
	if shift+width > 64 {
		value |= uint64(bytes[8]) << (64 - shift)
	}
	return value & (1<<width - 1)
}

// decodeHybrid decodes n values from Parquet's RLE/bit-packing hybrid encoding. width is the width
// of a value, in bits.
func decodeHybrid(values []uint32, b []byte, width, n int) ([]uint32, error) {
	if width > 32 {
		return nil, errValues
	}
	values = slices.Grow(values[:0], n)
	for len(values) < n {
		header, size := binary.Uvarint(b)
		if size <= 0 {
			return nil, errValues
		}
		b = b[size:]
		left := uint64(n - len(values))
		if header&1 == 0 {
			bytes := (width + 7) / 8
			if len(b) < bytes {
				return nil, errValues
			}
			value := packed(b, 0, 8*bytes)
			if value>>width != 0 {
				return nil, errValues
			}
			b = b[bytes:]
			for range min(header>>1, left) {
				values = append(values, uint32(value))
			}
			continue
		}
		groups := min(header>>1, (left+7)/8) // a group has eight values and takes width bytes
		if uint64(len(b)) < groups*uint64(width) {
			return nil, errValues
		}
		values = unpack(values, b, width, int(min(8*groups, left)))
		b = b[groups*uint64(width):]
	}
	return values, nil
}

// decodeDelta decodes the first n integers from Parquet's delta encoding. It also returns the bytes
// that it has not read. If exactly n integers are encoded, these are the bytes after the encoding.
func decodeDelta(values []int64, b []byte, n int) (_ []int64, rest []byte, err error) {
	d := byteReader{data: b}
	block, miniBlocks, total := d.uvarint(), d.uvarint(), d.uvarint()
	value := d.varint()
	const maxBlock = 1 << 16
	if d.failed || block == 0 || block > maxBlock || miniBlocks == 0 || miniBlocks > block || block%(8*miniBlocks) != 0 || total < uint64(n) {
		return nil, nil, errValues
	}
	perMini := int(block / miniBlocks)
	if values = slices.Grow(values[:0], n); n > 0 {
		values = append(values, value)
	}
	for len(values) < n {
		minDelta := d.varint()
		for _, width := range d.bytes(miniBlocks) {
			if len(values) == n {
				break // the remaining mini-blocks have no bytes
			}
			deltas := d.bytes(uint64(perMini) / 8 * uint64(width))
			if d.failed || width > 64 {
				return nil, nil, errValues
			}
			from := len(values)
			values = unpack(values, deltas, int(width), min(perMini, n-from))
			for i := from; i < len(values); i++ {
				value += minDelta + values[i]
				values[i] = value
			}
		}
		if d.failed {
			return nil, nil, errValues
		}
	}
	return values, d.rest(), nil
}
