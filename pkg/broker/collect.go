package broker

import (
	"fmt"

	"devicetrace/pkg/event"
)

const (
	// maxItems bounds the rows of one body. What is beyond is rejected as one item.
	maxItems = 100_000
	// maxGuess bounds the rows that room is made for, going by the size of the first item.
	maxGuess = 4_096
	// maxRejected bounds the rejections of one body; the last one covers all further ones.
	maxRejected = 1_000
)

var errTooMany = fmt.Errorf("more than %d items: send smaller batches", maxItems)

// item is what was read of one item of a body, of whatever format.
type item interface {
	// row fills in the event and reports whether there is one to record. What
	// cannot be understood it leaves in the reader.
	row(r *reader, e *event.Event) bool
}

// collector makes a batch of a body's items, within the limits of a body.
type collector struct {
	meta  Meta
	size  int // of the body
	words words
	items int // so far
	batch Batch
}

// full reports whether there may be no further item.
func (c *collector) full() bool { return c.items >= maxItems }

// add adds the row of an item that was read, or its rejection.
func (c *collector) add(raw []byte, read item) {
	r := reader{now: c.meta.ReceivedAt, retention: c.meta.Retention, hook: c.meta.Hook, words: &c.words}
	last := len(c.batch.Events)
	if cap(c.batch.Events) == 0 {
		c.batch.Events = make([]event.Event, 0, min(1+c.size/len(raw), maxGuess))
	}
	c.batch.Events = append(c.batch.Events, event.Event{InstanceID: c.meta.InstanceID, ReceivedAt: millisecond(c.meta.ReceivedAt)})
	isRow := read.row(&r, &c.batch.Events[last])
	if !isRow || r.refused() {
		c.batch.Events = c.batch.Events[:last]
	}
	if r.refused() {
		c.reject(raw, r.field, r.fault)
		return
	}
	if isRow {
		c.tellApart(&c.batch.Events[last])
	}
	c.items++
}

// tellApart gives an event that has neither a time nor an id of its own its place
// in the body for an id: all such events of a body share the time of its receipt.
func (c *collector) tellApart(e *event.Event) {
	if c.items > 0 && e.TimeOrigin == event.FromReceiver && e.SourceEventID == "" {
		e.SourceEventID = fmt.Sprintf("item-%05d", c.items)
	}
}

// reject adds a rejection and counts its item. The last one allowed grows to
// cover whatever follows, so that a hostile body costs no more than its own size.
func (c *collector) reject(raw []byte, field, fault string) {
	rejected := &c.batch.Rejected
	if len(*rejected) < maxRejected {
		*rejected = append(*rejected, Rejected{Item: c.items, Field: field, Error: fault, Raw: raw})
	} else {
		last := &(*rejected)[maxRejected-1]
		last.Raw = through(last.Raw, raw)
		last.Field, last.Error = "", fmt.Sprintf("more than %d items are rejected, this one and later ones", maxRejected-1)
	}
	c.items++
}

// through extends first, a part of the body, to the end of a later part.
func through(first, later []byte) []byte {
	length := cap(first) - cap(later) + len(later)
	return first[:length:cap(first)]
}

// words gives texts that come again and again in a batch, such as a node's name,
// one string for all of them. It is a small cache without order: a text that
// collides with another takes its place.
type words [64]string

// maxWord is the longest text that is worth a place, in bytes.
const maxWord = 48

func (w *words) of(raw []byte) string {
	if len(raw) == 0 || len(raw) > maxWord {
		return string(raw)
	}
	place := &w[(len(raw)*31+int(raw[0])*7+int(raw[len(raw)-1]))%len(w)]
	if *place != string(raw) {
		*place = string(raw)
	}
	return *place
}
