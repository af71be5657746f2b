package segment

import "encoding/binary"

// byteReader reads numbers and texts from a byte slice. After the first failure, all of its methods
// return zero values.
type byteReader struct {
	data   []byte
	at     int  // number of bytes that have been read
	failed bool // whether bytes were missing or malformed
}

func (r *byteReader) fail() { r.at, r.failed = len(r.data), true }

// rest returns the bytes that have not been read yet. After a failure, there are none.
func (r *byteReader) rest() []byte { return r.data[r.at:] }

// bytes reads the next n bytes.
func (r *byteReader) bytes(n uint64) []byte {
	if n > uint64(len(r.data)-r.at) {
		r.fail()
		return nil
	}
	start := r.at
	r.at += int(n)
	return r.data[start:r.at:r.at]
}

func (r *byteReader) byte() byte {
	if r.at == len(r.data) {
		r.fail()
		return 0
	}
	r.at++
	return r.data[r.at-1]
}

// uint64 reads eight bytes, little-endian.
func (r *byteReader) uint64() uint64 {
	if b := r.bytes(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// number reads an unsigned varint. A number above the given maximum is a failure.
func (r *byteReader) number(maximum int64) int64 {
	value := r.uvarint()
	if value > uint64(maximum) {
		r.fail()
		return 0
	}
	return int64(value)
}

// text reads a length and a text of that length. It returns the text with start prepended.
func (r *byteReader) text(start string) string {
	rest := r.bytes(r.uvarint())
	if start == "" {
		return string(rest)
	}
	return start + string(rest)
}

// after reads a text that is stored without the leading bytes that it shares with the previous
// text, before; see appendAfter.
func (r *byteReader) after(before string) string {
	shared := r.number(int64(min(len(before), maxShared)))
	return r.text(before[:shared])
}

func (r *byteReader) uvarint() uint64 {
	if r.at < len(r.data) && r.data[r.at] < 0x80 { // most numbers are small
		r.at++
		return uint64(r.data[r.at-1])
	}
	value, n := binary.Uvarint(r.rest())
	if n <= 0 {
		r.fail()
		return 0
	}
	r.at += n
	return value
}

// varint reads a zigzag varint.
func (r *byteReader) varint() int64 {
	u := r.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}
