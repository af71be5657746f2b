package broker

import "bytes"

// message is one item of a broker's payload: a struct of the values it knows.
type message interface {
	// slot returns where the value of a key goes; nil for a key that is ignored.
	slot(key []byte) *value
	item
}

// batcher cuts a body into items and collects what they make.
type batcher[M any, P interface {
	*M
	message
}] struct {
	collector
	read M // the message being read; one for all, since it is large
	slot func(key []byte) *value
}

// decode is the Decoder of the format whose message is M.
func decode[M any, P interface {
	*M
	message
}](body []byte, meta Meta) Batch {
	b := batcher[M, P]{collector: collector{meta: meta, size: len(body)}}
	b.slot = P(&b.read).slot
	s := scanner{body: body}
	switch first := s.space(); {
	case s.ended():
		b.reject(body, "", "the body is empty")
	case first == '[':
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
	if !s.ended() {
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
		if !s.ended() {
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
	return err == nil && s.ended()
}

// place is where an item stands: in an array, or alone in its body or line.
type place bool

const (
	within place = false
	alone  place = true
)

// value reads the item that is next. An error means that it could not be read to
// its end, and left nothing in the batch; whatever else is wrong with the item is
// in the batch afterwards.
func (b *batcher[M, P]) value(s *scanner, where place) error {
	if b.full() {
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
	case where == alone && !s.ended():
		return errSyntax
	case !isObject:
		b.reject(raw, "", "an item must be a JSON object")
	default:
		b.add(raw, P(&b.read))
	}
	return nil
}
