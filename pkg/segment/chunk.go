package segment

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sort"
	"unsafe"

	"github.com/parquet-go/parquet-go/format"
)

// chunkReader decodes the values of a column chunk. Rows can be read in any order, and only pages
// with a requested row are decompressed. Its buffers are reused.
type chunkReader struct {
	columnType
	codec format.CompressionCodec
	pages []page // the data pages, in order
	// encodedDictionary is the dictionary page. Its entries are decoded into dictionary as soon as
	// a data page needs them; hasDictionary is then true.
	dictionary        values
	encodedDictionary page
	hasDictionary     bool
	words             []string // words[i] is entry i of the dictionary as a string, or empty until it is used

	// isLookup means that only a few rows of the column chunk will be read, so load does not decode
	// whole pages at first.
	isLookup bool
	// Rows first to end-1 of the row group are decoded. They are in pages[page]. There is one value
	// for each of these rows; the value of a null is 0.
	page       int
	first, end int
	values     values
	levels     []uint32 // definition levels, one per row: 0 for a null, otherwise 1; set only if the column is optional
	codes      []uint32 // indexes into the dictionary; set only if isEncoded is true
	isEncoded  bool     // whether the decoded values are texts in the dictionary
}

// values holds decoded values: either numbers or texts.
type values struct {
	raw     []byte // the decompressed page
	numbers []int64
	// Text i is raw[offsets[i]+prefix : offsets[i+1]].
	offsets []uint32
	prefix  uint32
}

func (v *values) text(i int) []byte { return v.raw[v.offsets[i]+v.prefix : v.offsets[i+1]] }

// open reads the headers of all pages of a column chunk. It returns an error unless the column
// chunk has the given number of rows. left is the maximum total length of the pages before
// compression, in bytes. open subtracts the length of each page from it.
func (c *chunkReader) open(t columnType, codec format.CompressionCodec, chunk []byte, rows int, left *int64) error {
	c.columnType, c.codec, c.pages = t, codec, c.pages[:0]
	c.encodedDictionary, c.hasDictionary, c.page, c.first, c.end = page{}, false, -1, 0, 0
	end := 0
	for len(chunk) > 0 {
		p, rest, err := readPage(chunk)
		if err != nil {
			return err
		}
		switch {
		case int64(p.raw) > *left || p.values > rows-end:
			return fmt.Errorf("%w: a page of column %s has %d values in %d bytes", ErrCorrupt, c.name, p.values, p.raw)
		case p.kind == format.DataPage && p.values > 0:
			end += p.values
			p.end = end
			c.pages = append(c.pages, p)
		case p.kind == format.DictionaryPage && len(c.pages) == 0 && c.encodedDictionary.data == nil:
			c.encodedDictionary = p
		default:
			return fmt.Errorf("%w: column %s has a page of type %v with %d values", ErrCorrupt, c.name, p.kind, p.values)
		}
		*left -= int64(p.raw)
		chunk = rest
	}
	if end < rows {
		return fmt.Errorf("%w: column %s ends early", ErrCorrupt, c.name)
	}
	return nil
}

// release drops references to the row group and its texts, and returns the size of the buffers that
// it keeps, in bytes.
func (c *chunkReader) release() int {
	clear(c.pages)
	clear(c.words)
	c.encodedDictionary = page{}
	pages := cap(c.pages) * int(unsafe.Sizeof(page{}))
	return pages + c.values.memory() + c.dictionary.memory() + 4*cap(c.levels) + 4*cap(c.codes) + 16*cap(c.words)
}

func (v *values) memory() int { return cap(v.raw) + 8*cap(v.numbers) + 4*cap(v.offsets) }

// load decodes the page that contains the given row, unless the row is already decoded. The row
// must exist. In a lookup, load stops before row number to when it decodes a page for the first
// time. If it has to decode the same page again, it decodes the whole page.
func (c *chunkReader) load(row, to int) error {
	if c.first <= row && row < c.end {
		return nil
	}
	i := sort.Search(len(c.pages), func(i int) bool { return c.pages[i].end > row })
	p := &c.pages[i]
	first, n := p.end-p.values, p.values
	if c.isLookup && i != c.page {
		n = min(n, to-first)
	}
	c.page, c.first, c.end = i, 0, 0
	if err := c.decode(p, n); err != nil {
		return err
	}
	c.first, c.end = first, first+n
	return nil
}

// decode decodes the first n rows of a page.
func (c *chunkReader) decode(p *page, n int) (err error) {
	if c.values.raw, err = p.decompress(c.codec, c.values.raw); err != nil {
		return err
	}
	data, present := c.values.raw, n
	if c.optional {
		if data, present, err = c.decodeLevels(data, n); err != nil {
			return err
		}
	}
	c.isEncoded = p.encoding == format.RLEDictionary
	switch {
	case c.isEncoded:
		err = c.decodeCodes(data, present)
	case p.encoding == format.DeltaLengthByteArray: // the lengths of all texts come before the first text
		err = c.values.decode(&c.columnType, p.encoding, data, p.values)
	default:
		err = c.values.decode(&c.columnType, p.encoding, data, present)
	}
	if err == nil && present < n {
		c.spread(present)
	}
	return err
}

// decodeLevels decodes the definition levels of the first n rows of a page. It returns the rest of
// the page and counts the rows that are present, that is, not null.
func (c *chunkReader) decodeLevels(data []byte, n int) (rest []byte, present int, err error) {
	if len(data) < 4 || int64(binary.LittleEndian.Uint32(data)) > int64(len(data)-4) {
		return nil, 0, errValues
	}
	end := 4 + int(binary.LittleEndian.Uint32(data))
	if c.levels, err = decodeHybrid(c.levels, data[4:end], 1, n); err != nil {
		return nil, 0, err
	}
	for _, level := range c.levels {
		present += int(level)
	}
	return data[end:], present, nil
}

// spread moves the first present values to the rows that are not null, and sets the values of all
// other rows to 0.
func (c *chunkReader) spread(present int) {
	rows := len(c.levels)
	numbers := slices.Grow(c.values.numbers[:present], rows-present)[:rows]
	for row := rows - 1; row >= 0; row-- {
		if c.levels[row] == 0 {
			numbers[row] = 0
			continue
		}
		present--
		numbers[row] = numbers[present]
	}
	c.values.numbers = numbers
}

// decodeCodes decodes the first n indexes into the dictionary. If the column holds numbers, it also
// replaces each index by the dictionary's number.
func (c *chunkReader) decodeCodes(data []byte, n int) (err error) {
	if !c.hasDictionary {
		if err := c.decodeDictionary(); err != nil {
			return err
		}
	}
	width := 0
	if len(data) > 0 {
		width, data = int(data[0]), data[1:]
	}
	if c.codes, err = decodeHybrid(c.codes, data, width, n); err != nil {
		return err
	}
	for _, code := range c.codes {
		if int(code) >= c.encodedDictionary.values {
			return fmt.Errorf("%w: column %s refers to a missing entry of its dictionary", ErrCorrupt, c.name)
		}
	}
	if c.kind == format.ByteArray {
		return nil
	}
	c.isEncoded = false
	c.values.numbers = slices.Grow(c.values.numbers[:0], n)
	for _, code := range c.codes {
		c.values.numbers = append(c.values.numbers, c.dictionary.numbers[code])
	}
	return nil
}

// decodeDictionary decodes the entries of the dictionary.
func (c *chunkReader) decodeDictionary() (err error) {
	p, d := &c.encodedDictionary, &c.dictionary
	if d.raw, err = p.decompress(c.codec, d.raw); err != nil {
		return err
	}
	if err := d.decode(&c.columnType, format.Plain, d.raw, p.values); err != nil {
		return err
	}
	c.hasDictionary = true
	c.words = slices.Grow(c.words[:0], p.values)[:p.values]
	clear(c.words)
	return nil
}

// word returns an entry of the dictionary as a string. Each string has an allocation of its own, so
// a few rows do not keep a long dictionary in memory.
func (c *chunkReader) word(code uint32) string {
	word := &c.words[code]
	if *word == "" {
		*word = string(c.dictionary.text(int(code)))
	}
	return *word
}

// texts calls set for n consecutive texts. i counts from 0 for text number from. The strings share
// one allocation.
func (v *values) texts(from, n int, set func(i int, s string)) {
	start := v.offsets[from]
	all := string(v.raw[start:v.offsets[from+n]])
	for i := range n {
		set(i, all[v.offsets[from+i]+v.prefix-start:v.offsets[from+i+1]-start])
	}
}

// decode decodes the first n values of a page without a dictionary. data is the part of v.raw after
// the definition levels.
func (v *values) decode(t *columnType, encoding format.Encoding, data []byte, n int) (err error) {
	isText := t.kind == format.ByteArray
	switch {
	case isText && encoding == format.Plain:
		return v.decodeTexts(data, n)
	case isText && encoding == format.DeltaLengthByteArray:
		return v.decodeDeltaTexts(data, n)
	case !isText && encoding == format.DeltaBinaryPacked:
		v.numbers, _, err = decodeDelta(v.numbers, data, n)
		return err
	case !isText && encoding == format.Plain:
		return v.decodeNumbers(data, n, t.kind == format.Int32)
	default:
		return fmt.Errorf("%w: column %s has the encoding %v", ErrCorrupt, t.name, encoding)
	}
}

// decodeTexts locates n texts in data. Each text is preceded by its length.
func (v *values) decodeTexts(data []byte, n int) error {
	v.prefix = 4
	v.offsets = slices.Grow(v.offsets[:0], n+1)
	start := len(v.raw) - len(data)
	at := start
	for range n {
		v.offsets = append(v.offsets, uint32(at))
		if len(v.raw)-at < 4 {
			return errValues
		}
		length := binary.LittleEndian.Uint32(v.raw[at:])
		if int64(length) > int64(len(v.raw)-at-4) {
			return errValues
		}
		at += 4 + int(length)
	}
	v.offsets = append(v.offsets, uint32(at))
	return nil
}

// decodeDeltaTexts locates n texts in data. The lengths of all texts precede the first text.
func (v *values) decodeDeltaTexts(data []byte, n int) error {
	lengths, rest, err := decodeDelta(v.numbers, data, n)
	if err != nil {
		return err
	}
	v.numbers, v.prefix = lengths, 0
	v.offsets = slices.Grow(v.offsets[:0], n+1)
	at := int64(len(v.raw) - len(rest))
	for _, length := range lengths {
		v.offsets = append(v.offsets, uint32(at))
		if length < 0 || length > int64(len(v.raw))-at {
			return errValues
		}
		at += length
	}
	v.offsets = append(v.offsets, uint32(at))
	return nil
}

// decodeNumbers decodes n numbers. Each takes four bytes if short is true, otherwise eight.
func (v *values) decodeNumbers(data []byte, n int, short bool) error {
	size := 8
	if short {
		size = 4
	}
	if len(data)/size < n {
		return errValues
	}
	v.numbers = slices.Grow(v.numbers[:0], n)
	for i := range n {
		if short {
			v.numbers = append(v.numbers, int64(int32(binary.LittleEndian.Uint32(data[4*i:]))))
		} else {
			v.numbers = append(v.numbers, int64(binary.LittleEndian.Uint64(data[8*i:])))
		}
	}
	return nil
}
