package segment

import (
	"fmt"
	"slices"

	"devicetrace/pkg/event"
)

// ClientRows decodes the rows of one client in one segment, in the order of Row.Compare or in
// reverse. It decodes a few rows at a time, so even a client with millions of rows takes little
// memory. It makes no requests, because the caller reads the row groups. It is not safe for
// concurrent use.
type ClientRows struct {
	footer     *Footer // nil after SetFooter(nil)
	clientID   string
	from, to   int64 // event times in Unix ms, both inclusive
	descending bool
	groups     []Group // the row groups that still have rows to decode, in the order of decoding
	done       int     // number of rows of groups[0] that are already decoded
	last       *Row    // the row that was last decoded
}

// ClientRows returns a ClientRows for a client's rows between the event times from and to, in Unix
// ms, both inclusive. If descending is true, it decodes the rows in reverse.
func (f *Footer) ClientRows(clientID event.ClientID, from, to int64, descending bool) *ClientRows {
	groups := f.GroupsOf(clientID, from, to)
	if descending {
		slices.Reverse(groups)
	}
	return &ClientRows{footer: f, clientID: string(clientID), from: from, to: to, descending: descending, groups: groups}
}

// SetFooter replaces the footer with another footer of the same segment. If f is nil, the memory of
// the old footer is released, and Holds and Decode must not be called until a footer is set again.
func (c *ClientRows) SetFooter(f *Footer) { c.footer = f }

// Groups returns the row groups that may still have rows to decode, in the order of decoding.
// Callers must not change the slice. Usually there is at most one row group. If the client's rows
// cross row group boundaries, there are several adjacent row groups.
func (c *ClientRows) Groups() []Group { return c.groups }

// ExclusiveMemory returns the approximate memory, in bytes, that the rows of the remaining row
// groups take once they are decoded. It counts only row groups without rows of other clients, so it
// returns zero unless the client has very many rows.
func (c *ClientRows) ExclusiveMemory() (memory int64) {
	for _, g := range c.groups {
		if g.first == c.clientID && g.last == c.clientID {
			memory += g.Memory()
		}
	}
	return memory
}

// Bound returns a bound of the remaining rows' event times, in Unix ms: a lower bound, or an upper
// bound if the rows are decoded in reverse. At least one row group must remain.
func (c *ClientRows) Bound() int64 {
	switch {
	case c.last != nil:
		return c.last.Time
	case c.descending:
		return min(c.to, c.groups[0].to)
	default:
		return max(c.from, c.groups[0].from)
	}
}

// Block is a list of rows in the order of decoding, with the memory that they take.
type Block struct {
	Rows   []Row
	Memory int64 // bytes
}

// Decode decodes the next rows from the first n remaining row groups. It stops once the rows take
// maxMemory bytes, but returns at least one row if there is one. data holds the bytes of these row
// groups, and begins at the given offset of the object. If the row groups turn out to be corrupt,
// Decode returns an error and must not be called again.
func (c *ClientRows) Decode(n int, data []byte, offset, maxMemory int64) (blocks []Block, err error) {
	for ; n > 0 && (maxMemory > 0 || len(blocks) == 0); n-- {
		g := c.groups[0]
		decoded, whole, err := c.decodeGroup(g, data[g.Offset-offset:g.Offset-offset+g.Length], maxMemory)
		if err != nil {
			return nil, err
		}
		for _, b := range decoded {
			maxMemory -= b.Memory
		}
		blocks = append(blocks, decoded...)
		if !whole {
			break
		}
		c.groups, c.done = c.groups[1:], 0
	}
	return blocks, c.checkOrder(blocks)
}

// checkOrder checks that the rows are in order, and that none sorts before the rows decoded
// earlier.
func (c *ClientRows) checkOrder(blocks []Block) error {
	for i := range blocks {
		rows := blocks[i].Rows
		for j := range rows {
			if c.last != nil && c.compare(c.last, &rows[j]) > 0 {
				return fmt.Errorf("%w: rows out of order", ErrCorrupt)
			}
			c.last = &rows[j]
		}
	}
	return nil
}

// compare compares two rows in the order of decoding.
func (c *ClientRows) compare(a, b *Row) int {
	if c.descending {
		a, b = b, a
	}
	return a.Compare(b)
}

// decodeGroup decodes the next rows of row group g. data holds the bytes of the row group, and
// maxMemory is as in Decode. whole reports whether all of the client's rows in the time range that
// are in the row group are now decoded.
func (c *ClientRows) decodeGroup(g Group, data []byte, maxMemory int64) (blocks []Block, whole bool, err error) {
	group, err := c.footer.openGroup(&g, data)
	if err != nil {
		return nil, false, err
	}
	defer group.close()
	for i := range group.columns {
		group.columns[i].isLookup = true
	}
	from, to, err := group.rowsBetween(c.clientID, c.from, c.to)
	if err != nil || from+c.done == to {
		return nil, true, err
	}
	d := decoder{
		group: group, clientID: c.clientID, perRow: g.Raw/g.Rows + rowMemory, maxMemory: maxMemory,
	}
	if c.descending {
		blocks, err = d.backwards(from, to-c.done)
	} else {
		blocks, err = d.forwards(from+c.done, to)
	}
	for i := range blocks {
		c.done += len(blocks[i].Rows)
	}
	return blocks, from+c.done == to, err
}

// rowsBetween returns the range [from, to) of a client's rows between the times first and last, in
// Unix ms, both inclusive.
func (g *groupReader) rowsBetween(clientID string, first, last int64) (from, to int, err error) {
	from, to, err = g.rangeOf(clientID)
	if err != nil || from == to {
		return from, to, err
	}
	return g.columns[timeField].between(from, to, first, last)
}
