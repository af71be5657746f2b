package segment

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sort"

	"devicetrace/pkg/event"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"
)

// field is a column of the schema, together with the field of a Row that holds the column's
// value. Exactly one of text, long and int is set.
type field struct {
	name string
	// column is the name of the column in event.Columns, or empty if it equals the name of the
	// Parquet column.
	column string
	text   func(*Row) *string
	long   func(*Row) *int64
	int    func(*Row) *int32
	// beforeTime marks a column that stores an instant relative to the row's time. The column holds
	// the number of milliseconds from the instant to the row's time, or null for an unknown
	// instant. The Row holds the instant itself.
	beforeTime bool
}

// fields lists the columns of the schema. The columns of a row are filled in this order, so the
// time column comes before connected_for_ms, which is stored relative to the time.
var fields = []field{
	{name: "client_id", text: func(r *Row) *string { return &r.ClientID }},
	{name: "time", long: func(r *Row) *int64 { return &r.Time }},
	{name: "action", text: func(r *Row) *string { return &r.Action }},
	{name: "action_info", text: func(r *Row) *string { return &r.ActionInfo }},
	{name: "channel_id", text: func(r *Row) *string { return &r.ChannelID }},
	{name: "native_event", text: func(r *Row) *string { return &r.NativeEvent }},
	{name: "native_reason", text: func(r *Row) *string { return &r.NativeReason }},
	{name: "reason_code", int: func(r *Row) *int32 { return &r.ReasonCode }},
	{name: "connected_for_ms", column: "connected_at", beforeTime: true, long: func(r *Row) *int64 { return &r.ConnectedAt }},
	{name: "received_delay_ms", column: "received_at", long: func(r *Row) *int64 { return &r.ReceivedDelay }},
	{name: "peer_address", text: func(r *Row) *string { return &r.PeerAddress }},
	{name: "peer_port", long: func(r *Row) *int64 { return &r.PeerPort }},
	{name: "username", text: func(r *Row) *string { return &r.Username }},
	{name: "node", text: func(r *Row) *string { return &r.Node }},
	{name: "protocol", text: func(r *Row) *string { return &r.Protocol }},
	{name: "protocol_version", int: func(r *Row) *int32 { return &r.ProtocolVersion }},
	{name: "keep_alive", int: func(r *Row) *int32 { return &r.KeepAlive }},
	{name: "clean_start", int: func(r *Row) *int32 { return &r.CleanStart }},
	{name: "source", text: func(r *Row) *string { return &r.Source }},
	{name: "source_event_id", text: func(r *Row) *string { return &r.SourceEventID }},
	{name: "time_origin", text: func(r *Row) *string { return &r.TimeOrigin }},
}

// identityFields lists the fields that event.Columns marks as part of an event's identity.
var identityFields = func() (found []field) {
	ranks := map[string]int{}
	for _, c := range event.Columns() {
		ranks[c.Name] = c.Identity
	}
	for _, f := range fields {
		if ranks[cmp.Or(f.column, f.name)] > 0 {
			found = append(found, f)
		}
	}
	return found
}()

// appendTo appends the field's value in the row r to b.
func (f *field) appendTo(b []byte, r *Row) []byte {
	switch {
	case f.text != nil:
		return appendString(b, *f.text(r))
	case f.long != nil:
		return binary.LittleEndian.AppendUint64(b, uint64(*f.long(r)))
	default:
		return binary.LittleEndian.AppendUint32(b, uint32(*f.int(r)))
	}
}

// columnReader reads the values of one column chunk in order, page by page.
type columnReader struct {
	*field
	chunk *parquet.FileColumnChunk
	data  window
	pages *parquet.FilePages

	page   parquet.Page
	values encoding.Values
	levels []byte // definition levels, one per row: 0 for a null, otherwise 1; nil if the page has no nulls
	// next is the index of the next row in the page. end is the number of rows in the page. value
	// is the index of the next row's value. After a null, value is lower than next, because nulls
	// are not stored as values.
	next, end, value int
	pagesRead        int
	// encoded means that the page's values are indexes into the chunk's dictionary. known means
	// that the dictionary's entries have been read into texts or ints.
	encoded, known bool
	texts          []string
	ints           []int32
}

// open opens the column chunk at its first row.
func (c *columnReader) open() {
	c.close()
	c.pages, c.pagesRead, c.next, c.end = c.chunk.PagesFrom(c.data), 0, 0, 0
}

// rewind goes back to the first row. It keeps the first page if no other page was read.
func (c *columnReader) rewind() {
	if c.pagesRead == 1 {
		c.next, c.value = 0, 0
		return
	}
	c.open()
}

func (c *columnReader) close() {
	c.release()
	if c.pages != nil {
		_ = c.pages.Close() // cannot fail: it only frees memory
		c.pages = nil
	}
}

func (c *columnReader) release() {
	if c.page != nil {
		parquet.Release(c.page)
		c.page = nil
	}
}

// more reads pages until the current page has a next row. It returns an error if the chunk ends
// first.
func (c *columnReader) more() error {
	for c.next == c.end { // pages may be empty
		if err := c.nextPage(); err != nil {
			return err
		}
	}
	return nil
}

// nextPage reads the next page, which must exist.
func (c *columnReader) nextPage() error {
	err := c.readPage()
	if err == io.EOF {
		return fmt.Errorf("%w: column %s ends early", ErrCorrupt, c.name)
	}
	return err
}

// readPage reads the next page. After the last page, it returns io.EOF and keeps the last page.
func (c *columnReader) readPage() error {
	page, err := c.pages.ReadPage()
	if errors.Is(err, io.EOF) {
		return io.EOF
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	c.release()
	c.page, c.values, c.levels = page, page.Data(), page.DefinitionLevels()
	c.next, c.end, c.value, c.pagesRead = 0, int(page.NumRows()), 0, c.pagesRead+1
	if c.encoded = page.Dictionary() != nil; c.encoded && !c.known {
		c.readDictionary(page.Dictionary())
	}
	return nil
}

// readDictionary copies the chunk's dictionary into texts or ints.
func (c *columnReader) readDictionary(dictionary parquet.Dictionary) {
	c.known = true
	values := dictionary.Page().Data()
	if c.text == nil {
		c.ints = append(c.ints, values.Int32()...)
		return
	}
	data, offsets := values.ByteArray()
	c.texts = make([]string, len(offsets)-1)
	if len(data) <= sharedTexts {
		substrings(data, offsets, func(i int, s string) { c.texts[i] = s })
		return
	}
	for i := range c.texts {
		c.texts[i] = string(data[offsets[i]:offsets[i+1]])
	}
}

// sharedTexts is the maximum length, in bytes, of a dictionary whose texts share one allocation. A
// text keeps its whole allocation in memory. In a longer dictionary, each text therefore has its
// own allocation. Otherwise, a few rows could keep megabytes in memory.
const sharedTexts = 4 << 10

// substrings splits data into strings at the offsets, and passes each string to the do function.
// The strings share one allocation.
func substrings(data []byte, offsets []uint32, do func(i int, s string)) {
	first := offsets[0]
	all := string(data[first:offsets[len(offsets)-1]])
	for i := range len(offsets) - 1 {
		do(i, all[offsets[i]-first:offsets[i+1]-first])
	}
}

// skip skips n rows.
func (c *columnReader) skip(n int) error {
	for n > c.end-c.next {
		n -= c.end - c.next
		if err := c.nextPage(); err != nil {
			return err
		}
	}
	for _, level := range c.levels[min(c.next, len(c.levels)):min(c.next+n, len(c.levels))] {
		c.value += int(level)
	}
	if c.levels == nil {
		c.value += n
	}
	c.next += n
	return nil
}

// fill reads the next len(rows) rows of the chunk, and sets the column's field in every element of
// the rows slice.
func (c *columnReader) fill(rows []Row) error {
	for len(rows) > 0 {
		if err := c.more(); err != nil {
			return err
		}
		n := min(len(rows), c.end-c.next)
		if err := c.copyValues(rows[:n]); err != nil {
			return err
		}
		rows, c.next = rows[n:], c.next+n
	}
	return nil
}

// copyValues sets the column's field in every element of the rows slice. It takes the values from
// the next rows of the current page, which must have enough rows left.
func (c *columnReader) copyValues(rows []Row) error {
	if c.beforeTime {
		c.copyInstants(rows)
		return nil
	}
	if c.levels != nil {
		return fmt.Errorf("%w: column %s has nulls", ErrCorrupt, c.name)
	}
	switch from, to := c.value, c.value+len(rows); {
	case c.text != nil && c.encoded:
		for i, code := range c.values.Int32()[from:to] {
			*c.text(&rows[i]) = c.texts[code]
		}
	case c.text != nil:
		data, offsets := c.values.ByteArray()
		substrings(data, offsets[from:to+1], func(i int, s string) { *c.text(&rows[i]) = s })
	case c.int != nil && c.encoded:
		for i, code := range c.values.Int32()[from:to] {
			*c.int(&rows[i]) = c.ints[code]
		}
	case c.int != nil:
		for i, v := range c.values.Int32()[from:to] {
			*c.int(&rows[i]) = v
		}
	default:
		for i, v := range c.values.Int64()[from:to] {
			*c.long(&rows[i]) = v
		}
	}
	c.value += len(rows)
	return nil
}

// copyInstants is like copyValues, but for a column that is stored relative to the row's time.
func (c *columnReader) copyInstants(rows []Row) {
	values := c.values.Int64()
	for i := range rows {
		instant := c.long(&rows[i])
		if *instant = 0; c.levels != nil && c.levels[c.next+i] == 0 {
			continue
		}
		*instant = rows[i].Time - values[c.value]
		c.value++
	}
}

// rangeOf returns the range [from, to) of a client's rows. The column must hold the client
// identifiers, and the reader must be at the first row. rangeOf reads to the end of the column.
func (c *columnReader) rangeOf(clientID string) (from, to int, err error) {
	for {
		if err := c.readPage(); err == io.EOF {
			return from, to, nil
		} else if err != nil {
			return 0, 0, err
		}
		data, offsets := c.values.ByteArray()
		client := func(i int) string { return string(data[offsets[i]:offsets[i+1]]) }
		from += sort.Search(c.end, func(i int) bool { return client(i) >= clientID })
		to += sort.Search(c.end, func(i int) bool { return client(i) > clientID })
	}
}
