package history

import (
	"iter"
	"strings"
	"unsafe"

	"devicetrace/pkg/event"
)

// Log holds the events of one client compactly. It keeps only what a history needs, and stores
// repeated strings once. The zero value is an empty log for events in ascending order. A Log must
// not be copied, because the copy would share its rows.
type Log struct {
	// NewestFirst means that events are added in descending order. It must not change after the
	// first call to Add.
	NewestFirst bool

	chunks   [][]row // in the order in which they were added
	size     int     // the number of rows
	channels map[string]*channel
	interned
	bytes int64
}

// row holds the facts about one event that a history needs.
type row struct {
	Time        Instant
	connectedAt Instant
	channel     *channel // nil if the event has no channel, or is neither a connect event nor an end event
	next        *row     // the channel's next row in ascending order
	*meaning
	PeerAddress string
	Username    string
	Node        string
	*details
	PeerPort int32
	isNamed  bool // whether the source itself sent the channel; otherwise, the channel is derived
}

// channel holds the rows of one channel.
type channel struct {
	id          string
	number      int // the position in the order of first use, from 0
	first, last *row
}

// A chunk holds twice as many rows as the previous chunk, within these limits.
const minChunk, maxChunk = 8, 4096

// Log.Bytes counts rowBytes and historyBytes for each row, and channelBytes for each channel.
// historyBytes stands for the connections, refusals and stretches of time that are derived from a
// row.
const (
	rowBytes     = int64(unsafe.Sizeof(row{}))
	historyBytes = int64(unsafe.Sizeof(draft{}))
	channelBytes = int64(unsafe.Sizeof(channel{})) + mapEntryBytes
)

// Add adds an event of the client. The events must be distinct and in the order of event.Compare,
// or in the opposite order if NewestFirst is set. The log keeps no reference to e or its strings.
func (l *Log) Add(e *event.Event) {
	r := l.grow()
	*r = row{
		Time: At(e.Time), connectedAt: At(e.ConnectedAt), meaning: l.meaningOf(e), details: l.detailsOf(e),
		PeerAddress: l.text(e.PeerAddress), PeerPort: e.PeerPort, Username: l.text(e.Username), Node: l.text(e.Node),
		isNamed: e.ChannelID != "",
	}
	if r.isConnect || r.isEnd {
		l.link(r, e.Channel())
	}
}

// Bytes returns the approximate memory in bytes that the log occupies, including the memory for a
// History of its events and for the verdicts of package diagnose.
func (l *Log) Bytes() int64 { return l.bytes + l.interned.bytes }

// grow appends an empty row and returns it. Existing rows never move, because other rows and the
// channels point to them.
func (l *Log) grow() *row {
	last := len(l.chunks) - 1
	if last < 0 || len(l.chunks[last]) == cap(l.chunks[last]) {
		last++
		l.chunks = append(l.chunks, make([]row, 0, min(minChunk<<min(last, 16), maxChunk)))
	}
	chunk := &l.chunks[last]
	*chunk = append(*chunk, row{})
	l.size++
	l.bytes += rowBytes + historyBytes
	return &(*chunk)[len(*chunk)-1]
}

// link adds r to the channel with the given identifier. If the identifier is empty, r has no
// channel.
func (l *Log) link(r *row, id string) {
	if id == "" {
		return
	}
	c := l.channels[id]
	switch {
	case c == nil:
		c = l.newChannel(id)
		c.first, c.last = r, r
	case l.NewestFirst:
		r.next, c.first = c.first, r
	default:
		c.last.next, c.last = r, r
	}
	r.channel = c
}

func (l *Log) newChannel(id string) *channel {
	if l.channels == nil {
		l.channels = map[string]*channel{}
	}
	c := &channel{id: strings.Clone(id), number: len(l.channels)}
	l.channels[c.id] = c
	l.bytes += channelBytes + int64(len(id))
	return c
}

// appendTo appends to rows, in ascending order, the channel's rows between from and to, both
// inclusive.
func (c *channel) appendTo(rows []*row, from, to Instant) []*row {
	if c == nil {
		return rows
	}
	for r := c.first; r != nil; r = r.next {
		if from <= r.Time && r.Time <= to {
			rows = append(rows, r)
		}
	}
	return rows
}

// rows yields the rows between from and to, both inclusive, in ascending order.
func (l *Log) rows(from, to Instant) iter.Seq[*row] {
	return func(yield func(*row) bool) {
		for i := range l.chunks {
			chunk := l.chunks[ascending(i, len(l.chunks), l.NewestFirst)]
			for j := range chunk {
				r := &chunk[ascending(j, len(chunk), l.NewestFirst)]
				if from <= r.Time && r.Time <= to && !yield(r) {
					return
				}
			}
		}
	}
}

// ascending returns the index of the i-th smallest of n sorted elements, counting from 0.
// descending means that the elements are sorted in descending order.
func ascending(i, n int, descending bool) int {
	if descending {
		return n - 1 - i
	}
	return i
}
