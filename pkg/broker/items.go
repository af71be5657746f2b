package broker

import (
	"bytes"
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

// message is one item of a broker's payload: a struct of the values it knows.
type message interface {
	// slot returns where the value of a key goes; nil for a key that is ignored.
	slot(key []byte) *value
	// row fills in the event and reports whether there is one to record. What
	// cannot be understood it leaves in the reader.
	row(r *reader, e *event.Event) bool
}

// batcher cuts a body into items and collects what they make.
type batcher[M any, P interface {
	*M
	message
}] struct {
	meta  Meta
	size  int // of the body
	words words
	read  M // the message being read; one for all, since it is large
	slot  func(key []byte) *value
	item  int
	batch Batch
}

// decode is the Decoder of the format whose message is M.
func decode[M any, P interface {
	*M
	message
}](body []byte, meta Meta) Batch {
	b := batcher[M, P]{meta: meta, size: len(body)}
	b.slot = P(&b.read).slot
	s := scanner{body: body}
	switch s.space() {
	case 0:
		b.reject(body, "", "the body is empty")
	case '[':
		b.array(&s)
	default:
		b.objects(&s)
	}
	return b.batch
}

// array reads [item, item, …]. After a fault of syntax nothing tells where the
// next item begins, so what is left is rejected with the item at fault.
func (b *batcher[M, P]) array(s *scanner) {
	from := s.at
	s.at++
	if s.space() == ']' {
		s.at++
		b.end(s)
		return
	}
	for {
		s.space()
		from = s.at
		if err := b.value(s, within); err != nil {
			b.reject(s.body[from:], "", err.Error())
			return
		}
		switch s.space() {
		case ',':
			s.at++
		case ']':
			s.at++
			b.end(s)
			return
		default:
			b.reject(s.body[from:], "", "the array does not go on or end after this item")
			return
		}
	}
}

// end rejects what follows the array.
func (b *batcher[M, P]) end(s *scanner) {
	if s.space() != 0 {
		b.reject(s.body[s.at:], "", "there is something after the end of the array")
	}
}

// objects reads a body that is one object, on as many lines as it likes, or else
// one object a line. A body of which no line is JSON is not NDJSON but one
// damaged item.
func (b *batcher[M, P]) objects(s *scanner) {
	body := s.body[s.at:]
	err := b.value(s, alone)
	switch {
	case err == nil:
	case anyLine(body, wellFormed):
		b.lines(body)
	default:
		b.reject(body, "", err.Error())
	}
}

// lines reads NDJSON; blank lines are no items.
func (b *batcher[M, P]) lines(body []byte) {
	for len(body) > 0 {
		line, rest, _ := bytes.Cut(body, []byte("\n"))
		s := scanner{body: line}
		if s.space() != 0 {
			err := b.value(&s, alone)
			if err == errTooMany {
				line, rest = body, nil
			}
			if err != nil {
				b.reject(line, "", err.Error())
			}
		}
		body = rest
	}
}

// anyLine reports whether a line is as asked.
func anyLine(body []byte, asked func(line []byte) bool) bool {
	for line := range bytes.SplitSeq(body, []byte("\n")) {
		if asked(line) {
			return true
		}
	}
	return false
}

// wellFormed reports whether a line is one JSON value.
func wellFormed(line []byte) bool {
	s := scanner{body: line}
	_, err := s.value()
	return err == nil && s.space() == 0
}

// place is where an item stands: in an array, or alone in its body or line.
type place bool

const (
	within place = false
	alone  place = true
)

var errTooMany = fmt.Errorf("more than %d items: send smaller batches", maxItems)

// value reads the item that is next. An error means that it could not be read to
// its end, and left nothing in the batch; whatever else is wrong with the item is
// in the batch afterwards.
func (b *batcher[M, P]) value(s *scanner, where place) error {
	if b.item >= maxItems {
		return errTooMany
	}
	from := s.at
	var err error
	isObject := s.space() == '{'
	if isObject {
		b.read = *new(M)
		err = s.object(b.slot)
	} else {
		_, err = s.value()
	}
	raw := s.body[from:s.at]
	switch {
	case err != nil:
		return err
	case where == alone && s.space() != 0:
		return errSyntax
	case !isObject:
		b.reject(raw, "", "an item must be a JSON object")
	default:
		b.message(raw)
	}
	return nil
}

// message adds the row of the message that was read, or its rejection.
func (b *batcher[M, P]) message(raw []byte) {
	r := reader{now: b.meta.ReceivedAt, retention: b.meta.Retention, hook: b.meta.Hook, words: &b.words}
	last := len(b.batch.Events)
	if last == 0 {
		b.batch.Events = make([]event.Event, 0, min(1+b.size/len(raw), maxGuess))
	}
	b.batch.Events = append(b.batch.Events, event.Event{InstanceID: b.meta.InstanceID, ReceivedAt: millisecond(b.meta.ReceivedAt)})
	isRow := P(&b.read).row(&r, &b.batch.Events[last])
	if !isRow || r.refused() {
		b.batch.Events = b.batch.Events[:last]
	}
	if r.refused() {
		b.reject(raw, r.field, r.fault)
		return
	}
	if isRow {
		b.tellApart(&b.batch.Events[last])
	}
	b.item++
}

// tellApart gives an event that has neither a time nor an id of its own its place
// in the body for an id: all such events of a body share the time of its receipt.
func (b *batcher[M, P]) tellApart(e *event.Event) {
	if b.item > 0 && e.TimeOrigin == event.FromReceiver && e.SourceEventID == "" {
		e.SourceEventID = fmt.Sprintf("item-%05d", b.item)
	}
}

// reject adds a rejection and counts its item. The last one allowed grows to
// cover whatever follows, so that a hostile body costs no more than its own size.
func (b *batcher[M, P]) reject(raw []byte, field, fault string) {
	rejected := &b.batch.Rejected
	if len(*rejected) < maxRejected {
		*rejected = append(*rejected, Rejected{Item: b.item, Field: field, Error: fault, Raw: raw})
	} else {
		last := &(*rejected)[maxRejected-1]
		last.Raw = through(last.Raw, raw)
		last.Field, last.Error = "", fmt.Sprintf("more than %d items are rejected, this one and later ones", maxRejected-1)
	}
	b.item++
}

// through extends first, a part of the body, to the end of a later part.
func through(first, later []byte) []byte {
	length := cap(first) - cap(later) + len(later)
	return first[:length:cap(first)]
}
