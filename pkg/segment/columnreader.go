package segment

import (
	"fmt"
	"math"
	"sort"

	"github.com/parquet-go/parquet-go/format"
)

// columnReader reads the values of one column chunk into rows, and searches them. Rows are numbered
// from 0, the first row of the row group. The caller must not request rows beyond the last one.
type columnReader struct {
	*field
	chunkReader
}

// openField opens the column chunk of a field in a row group with the given number of rows. See
// chunkReader.open for left.
func (c *columnReader) openField(f *field, codec format.CompressionCodec, chunk []byte, rows int, left *int64) error {
	c.field, c.isLookup = f, false
	return c.open(f.columnType, codec, chunk, rows, left)
}

// fill sets the column's field in every element of rows. rows[0] is row number at of the row group.
func (c *columnReader) fill(rows []Row, at int) error {
	for len(rows) > 0 {
		if err := c.load(at, at+len(rows)); err != nil {
			return err
		}
		n := min(len(rows), c.end-at)
		c.copyValues(rows[:n], at-c.first)
		rows, at = rows[n:], at+n
	}
	return nil
}

// copyValues is like fill, but all rows must be decoded already. rows[0] is decoded row number
// from.
func (c *columnReader) copyValues(rows []Row, from int) {
	switch {
	case c.isEncoded:
		for i, code := range c.codes[from : from+len(rows)] {
			*c.text(&rows[i]) = c.word(code)
		}
	case c.text != nil:
		c.values.texts(from, len(rows), func(i int, s string) { *c.text(&rows[i]) = s })
	case c.beforeTime:
		c.copyInstants(rows, from)
	case c.int != nil:
		for i, v := range c.values.numbers[from : from+len(rows)] {
			*c.int(&rows[i]) = int32(v)
		}
	default:
		for i, v := range c.values.numbers[from : from+len(rows)] {
			*c.long(&rows[i]) = v
		}
	}
}

// copyInstants is like copyValues for a column that is stored relative to the row's time.
func (c *columnReader) copyInstants(rows []Row, from int) {
	for i := range rows {
		instant := c.long(&rows[i])
		if *instant = 0; c.levels[from+i] != 0 {
			*instant = rows[i].Time - c.values.numbers[from+i]
		}
	}
}

// textAt returns the text in a row of the decoded page. It is valid until the next page is decoded.
func (c *columnReader) textAt(row int) []byte {
	if c.isEncoded {
		return c.dictionary.text(int(c.codes[row-c.first]))
	}
	return c.values.text(row - c.first)
}

// rangeOf returns the range [from, to) of a client's rows among the n rows of the row group. The
// column must hold the client identifiers.
func (c *columnReader) rangeOf(clientID string, n int) (from, to int, err error) {
	from = sort.Search(n, func(row int) bool {
		if err == nil {
			err = c.load(row, n)
		}
		return err != nil || string(c.textAt(row)) >= clientID
	})
	if err != nil {
		return 0, 0, err
	}
	for to = from; to < n; {
		if err := c.load(to, n); err != nil {
			return 0, 0, err
		}
		to += sort.Search(c.end-to, func(i int) bool { return string(c.textAt(to+i)) > clientID })
		if to < c.end {
			break
		}
	}
	return from, to, nil
}

// expect returns an error unless each of the n rows that begin at row at has the given text.
func (c *columnReader) expect(at, n int, text string) error {
	for row := at; row < at+n; row++ {
		if err := c.load(row, at+n); err != nil {
			return err
		}
		if string(c.textAt(row)) != text {
			return fmt.Errorf("%w: rows out of order", ErrCorrupt)
		}
	}
	return nil
}

// between searches the rows [from, to). It returns the range [low, high) of rows whose values are
// from first to last, both inclusive. It returns an error if the values of the rows [from, to) are
// not in ascending order. The column must hold the event times.
func (c *columnReader) between(from, to int, first, last int64) (low, high int, err error) {
	low, high = from, from
	previous := int64(math.MinInt64)
	for row := from; row < to; row++ {
		if err := c.load(row, to); err != nil {
			return 0, 0, err
		}
		value := c.values.numbers[row-c.first]
		if value < previous {
			return 0, 0, fmt.Errorf("%w: rows out of order", ErrCorrupt)
		}
		if previous = value; value < first {
			low++
		}
		if value <= last {
			high++
		}
	}
	return low, max(low, high), nil // if last < first, the range is empty
}
