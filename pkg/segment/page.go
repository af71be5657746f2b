package segment

import (
	"fmt"

	"github.com/parquet-go/parquet-go/format"
)

// page is a page of a column chunk in its encoded form.
type page struct {
	kind       format.PageType
	encoding   format.Encoding
	values     int // number of values, including nulls
	end        int // number of values in the chunk up to the end of the page
	raw        int // length before compression, in bytes
	compressed int // length of data
	data       []byte
}

// readPage reads the page at the start of a column chunk. It returns the rest of the chunk.
func readPage(chunk []byte) (p page, rest []byte, err error) {
	header := byteReader{data: chunk}
	header.integers(0, func(field int, value int64) { p.set(field, int(value)) })
	rest = header.data
	if header.failed || p.values < 0 || p.raw < 0 || p.compressed < 0 || p.compressed > len(rest) {
		return page{}, nil, fmt.Errorf("%w: damaged page header", ErrCorrupt)
	}
	p.data = rest[:p.compressed:p.compressed]
	return p, rest[p.compressed:], nil
}

// Fields of a page header that are structs themselves; see byteReader.integers.
const (
	dataPageHeader       = 5
	dictionaryPageHeader = 7
)

// set sets the part of the page that a field of the page header states.
func (p *page) set(field, value int) {
	switch field {
	case 1:
		p.kind = format.PageType(value)
	case 2:
		p.raw = value
	case 3:
		p.compressed = value
	case dataPageHeader<<4 | 1, dictionaryPageHeader<<4 | 1:
		p.values = value
	case dataPageHeader<<4 | 2, dictionaryPageHeader<<4 | 2:
		p.encoding = format.Encoding(value)
	}
}

// Types of fields in the compact protocol.
const (
	thriftStop   = 0
	thriftTrue   = 1
	thriftFalse  = 2
	thriftInt32  = 5
	thriftInt64  = 6
	thriftBinary = 8
	thriftStruct = 12
)

// integers reads a struct in Thrift's compact protocol, as page headers are. It calls set for each integer in it, also for those of inner structs. A
// field is identified by its number, combined with the number of the struct around it as
// outer<<4 | field. integers ignores all other fields.
func (r *byteReader) integers(outer int, set func(field int, value int64)) {
	for number := 0; !r.failed; {
		header := r.byte()
		if header == thriftStop {
			return
		}
		step := int(header >> 4)
		if step == 0 {
			step = int(int16(r.varint())) - number
		}
		if number += step; number <= 0 || number > 0xf {
			r.fail()
			return
		}
		field := outer<<4 | number
		switch header & 0xf {
		case thriftTrue, thriftFalse:
		case thriftInt32, thriftInt64:
			set(field, r.varint())
		case thriftBinary:
			r.bytes(r.uvarint())
		case thriftStruct:
			if outer > 0xff {
				r.fail() // nested too deeply
				return
			}
			r.integers(field, set)
		default:
			r.fail()
		}
	}
}
