package broker

import (
	"fmt"

	"devicetrace/pkg/event"
)

// MaxItems is the maximum number of items in one body, including items that are not recorded.
const MaxItems = 100_000

const (
	// maxPreallocated is the maximum number of events for which memory is allocated in advance. The
	// number of events is estimated from the sizes of the body and of its first item.
	maxPreallocated = 4_096
	// maxRejected is the maximum number of rejections for one body. The last rejection stands for
	// all later rejected items as well.
	maxRejected = 1_000
)

// item holds the values that were read from one item of a body.
type item interface {
	// row fills in the event and reports whether to record it. If the item cannot be
	// understood, row calls r.refuse.
	row(r *reader, e *event.Event) bool
}

// collector builds the batch for one body and enforces MaxItems, maxPreallocated and
// maxRejected.
type collector struct {
	meta     Meta
	size     int // the size of the body in bytes
	interned interner
	items    int // the number of items so far
	more     int // the number of events that addMore added
	batch    Batch
}

// full reports whether one more item would be too many, and sets batch.TooMany to the result. Call
// it only when there is one more item, because a body may contain exactly MaxItems items. An event
// that addMore added counts as an item, too.
func (c *collector) full() bool {
	c.batch.TooMany = c.items+c.more >= MaxItems
	return c.batch.TooMany
}

// result returns the batch for the whole body.
func (c *collector) result() Batch {
	if c.batch.TooMany {
		return Batch{TooMany: true}
	}
	return c.batch
}

// add adds the item's event or rejection, if any, to the batch. It cuts the event's texts only
// after the item has interpreted them.
func (c *collector) add(raw []byte, it item) {
	r := reader{meta: &c.meta, interned: &c.interned}
	last := len(c.batch.Events)
	if cap(c.batch.Events) == 0 {
		c.batch.Events = make([]event.Event, 0, min(1+c.size/len(raw), maxPreallocated))
	}
	c.batch.Events = append(c.batch.Events, event.Event{InstanceID: c.meta.InstanceID, ReceivedAt: millisecond(c.meta.ReceivedAt)})
	e := &c.batch.Events[last]
	isRow := it.row(&r, e)
	if isRow && e.ClientID.IsCut() {
		r.refuse("", cutClientID)
	}
	if isRow && !r.refused() {
		c.identify(e, c.items)
		e.Bound()
	} else {
		c.batch.Events = c.batch.Events[:last]
	}
	if r.refused() {
		c.reject(raw, r.field, r.fault)
	} else {
		c.items++
	}
}

// addMore adds an event for each of the given clients. All these events come from the item that add
// has just counted, and are copies of e except for the client identifier. A client identifier that
// looks like a cut one is left out; add would reject it, too.
func (c *collector) addMore(e event.Event, clientIDs []string) {
	item := c.items - 1
	for _, id := range clientIDs {
		if c.full() {
			return
		}
		e := e
		if e.ClientID = event.ClientID(id); e.ClientID.IsCut() {
			continue
		}
		c.identify(&e, item)
		e.Bound()
		c.batch.Events = append(c.batch.Events, e)
		c.more++
	}
}

// cutClientID is the error text for a client identifier that looks like a cut one.
var cutClientID = fmt.Sprintf("the client identifier looks like one that was shortened for storage, "+
	"because it has about %d bytes and ends with … and 16 hex digits; use another identifier for this client", event.MaxClientID)

// identify makes the identifier of an event unique if the source sent no time. It appends the
// delivery's id and the item's index. Otherwise, different events that arrive in the same
// millisecond could look the same. The source's own identifier does not prevent this, because the
// source may use it more than once.
//
// The index counts all items of the body before this one, whether or not they are recorded. An
// event therefore keeps its identifier if a later version of the decoder also records other items
// of the body.
func (c *collector) identify(e *event.Event, item int) {
	if e.TimeOrigin != event.FromReceiver {
		return
	}
	if e.SourceEventID != "" {
		e.SourceEventID += "-"
	}
	e.SourceEventID += fmt.Sprintf("%s-%05d", c.meta.DeliveryID, item)
}

// reject adds a rejection and counts its item. If there are already maxRejected rejections, reject
// extends the last rejection instead of adding another. Otherwise, a hostile body could fill the
// memory with rejections.
func (c *collector) reject(raw []byte, field, fault string) {
	rejected := &c.batch.Rejected
	if len(*rejected) < maxRejected {
		*rejected = append(*rejected, Rejected{Item: c.items, Field: field, Error: fault, Raw: raw, Items: 1})
	} else {
		last := &(*rejected)[maxRejected-1]
		last.Raw = through(last.Raw, raw)
		last.Field, last.Error = "", manyRejected
		last.Items++
	}
	c.items++
}

// endArray rejects anything that follows an array, which must be the whole body.
func (c *collector) endArray(s *scanner) {
	if !s.ended() {
		c.reject(s.body[s.at:], "", "the body must end after the array")
	}
}

// manyRejected is the error text of the last of maxRejected rejections.
var manyRejected = fmt.Sprintf("more than %d items are rejected; this entry stands for all later ones", maxRejected-1)

// through returns all bytes of the body from the start of first to the end of later. Both slices
// must be parts of the same body. The result shares the memory of the body.
func through(first, later []byte) []byte {
	length := cap(first) - cap(later) + len(later)
	return first[:length:cap(first)]
}

// interner lets equal short strings in a batch, such as a node's name, share memory. It is a cache
// with one slot per hash; a collision replaces the string in the slot.
type interner [64]string

// maxInterned is the maximum length of a shared string in bytes.
const maxInterned = 48

func (n *interner) text(raw []byte) string {
	if len(raw) == 0 || len(raw) > maxInterned {
		return string(raw)
	}
	slot := &n[(len(raw)*31+int(raw[0])*7+int(raw[len(raw)-1]))%len(n)]
	if *slot != string(raw) {
		*slot = string(raw)
	}
	return *slot
}
