package segment

import (
	"errors"
	"fmt"
	"io"
	"sort"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/bloom/xxhash"
)

// RowsOf are the rows of one client in row group g, whose bytes are data.
func (f *Footer) RowsOf(g Group, data []byte, clientID string) (rows []Row, err error) {
	defer guard(&err)
	rowGroup, err := f.bind(g, data)
	if err != nil {
		return nil, err
	}
	from, to, err := clientRange(rowGroup, clientID)
	if err != nil || from == to {
		return nil, err
	}
	reader := parquet.NewGenericRowGroupReader[Row](rowGroup)
	defer reader.Close()
	if err := reader.SeekToRow(from); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	rows = make([]Row, to-from)
	if err := readFull(reader, rows); err != nil {
		return nil, err
	}
	for i := range rows {
		if rows[i].ClientID != clientID {
			return nil, fmt.Errorf("%w: rows out of order", ErrCorrupt)
		}
	}
	return rows, nil
}

// clientRange is where a client's rows begin and end in a row group, read from the
// one column that tells.
func clientRange(rowGroup parquet.RowGroup, clientID string) (from, to int64, err error) {
	clients := make([]parquet.Value, rowGroup.NumRows())
	pages := rowGroup.ColumnChunks()[clientColumn].Pages()
	defer pages.Close()
	read := 0
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, 0, fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
		n, err := page.Values().ReadValues(clients[read:])
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, 0, fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
		read += n
	}
	if read != len(clients) {
		return 0, 0, fmt.Errorf("%w: %d of %d rows in a row group", ErrCorrupt, read, len(clients))
	}
	first := sort.Search(read, func(i int) bool { return string(clients[i].ByteArray()) >= clientID })
	count := sort.Search(read-first, func(i int) bool { return string(clients[first+i].ByteArray()) > clientID })
	return int64(first), int64(first + count), nil
}

// readFull fills rows.
func readFull(reader *parquet.GenericReader[Row], rows []Row) error {
	for len(rows) > 0 {
		n, err := reader.Read(rows)
		rows = rows[n:]
		if len(rows) > 0 && err != nil {
			return fmt.Errorf("%w: %d rows short: %w", ErrCorrupt, len(rows), err)
		}
		if n == 0 && err == nil {
			return fmt.Errorf("%w: %d rows short", ErrCorrupt, len(rows))
		}
	}
	return nil
}

// bind is row group g with its columns read from data instead of from the object.
func (f *Footer) bind(g Group, data []byte) (parquet.RowGroup, error) {
	if int64(len(data)) != g.Length {
		return nil, fmt.Errorf("%w: %d bytes for a row group of %d", ErrCorrupt, len(data), g.Length)
	}
	if xxhash.Sum64(data) != g.sum {
		return nil, fmt.Errorf("%w: the checksum of row group %d is wrong", ErrCorrupt, g.index)
	}
	rowGroup := f.file.RowGroups()[g.index]
	bound := &boundGroup{RowGroup: rowGroup}
	for _, chunk := range rowGroup.ColumnChunks() {
		bound.chunks = append(bound.chunks, boundChunk{
			FileColumnChunk: chunk.(*parquet.FileColumnChunk),
			data:            window{offset: g.Offset, data: data},
		})
	}
	return bound, nil
}

type boundGroup struct {
	parquet.RowGroup
	chunks []parquet.ColumnChunk
}

func (g *boundGroup) ColumnChunks() []parquet.ColumnChunk { return g.chunks }
func (g *boundGroup) Rows() parquet.Rows                  { return parquet.NewRowGroupRowReader(g) }

type boundChunk struct {
	*parquet.FileColumnChunk
	data window
}

func (c boundChunk) Pages() parquet.Pages { return c.PagesFrom(c.data) }
