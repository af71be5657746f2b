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
	rest = header.rest()
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

// set stores the value of a page header's field in the page. It ignores fields that are not needed.
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
