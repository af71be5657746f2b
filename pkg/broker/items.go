package broker

import "bytes"

// message is implemented by one struct type per format. Such a struct holds the values of one item.
type message interface {
	// slot returns a pointer to the field that receives the value of a key, or nil if the key is
	// ignored.
	slot(key []byte) *value
	item
}

// batcher splits a JSON body into items and collects their events.
type batcher[M any, P interface {
	*M
	message
}] struct {
	collector
	read M // the current message; reused for each item because it is large
	slot func(key []byte) *value
}

// decode is the Decoder for the format that the message type M describes.
func decode[M any, P interface {
	*M
	message
}](body []byte, meta Meta) Batch {
	b := batcher[M, P]{collector: collector{meta: meta, size: len(body)}}
	b.slot = P(&b.read).slot
	s := scanner{body: body}
	switch first := s.space(); {
	case s.ended():
		b.reject(body, "", "the body is empty; send at least one event")
	case first == '[':
		b.array(&s)
	default:
		b.objects(&s)
	}
	return b.result()
}

// array reads [item, item, …]. After a syntax error, the start of the next item is
// unknown, so array rejects the bad item and the rest of the body together.
func (b *batcher[M, P]) array(s *scanner) {
	s.at++
	if s.space() == ']' {
		s.at++
		b.endArray(s)
		return
	}
	for !b.full() {
		s.space()
		from := s.at
		if err := b.value(s, within); err != nil {
			b.reject(s.body[from:], "", err.Error())
			return
		}
		switch s.space() {
		case ',':
			s.at++
		case ']':
			s.at++
			b.endArray(s)
			return
		default:
			b.reject(s.body[from:], "", "the item must be followed by a comma or by the end of the array")
			return
		}
	}
}

// objects reads a body that is not an array. It first tries to read the whole body as one object,
// which may extend over several lines. If that fails but at least one line is valid JSON, objects
// reads each line as one object. If no line is valid JSON, it rejects the whole body as one item.
func (b *batcher[M, P]) objects(s *scanner) {
	body := s.body[s.at:]
	err := b.value(s, alone)
	switch {
	case err == nil:
	case hasJSONLine(body):
		b.lines(body)
	default:
		b.reject(body, "", err.Error())
	}
}

// lines reads NDJSON and skips blank lines.
func (b *batcher[M, P]) lines(body []byte) {
	for len(body) > 0 {
		line, rest, _ := bytes.Cut(body, []byte("\n"))
		body = rest
		s := scanner{body: line}
		if s.ended() {
			continue
		}
		if b.full() {
			return
		}
		if err := b.value(&s, alone); err != nil {
			b.reject(line, "", err.Error())
		}
	}
}

// hasJSONLine reports whether any line of the body consists of exactly one JSON value.
func hasJSONLine(body []byte) bool {
	for line := range bytes.SplitSeq(body, []byte("\n")) {
		if wellFormed(line) {
			return true
		}
	}
	return false
}

// wellFormed reports whether a line consists of exactly one JSON value.
func wellFormed(line []byte) bool {
	s := scanner{body: line}
	_, err := s.value()
	return err == nil && s.ended()
}

// place says whether an item is part of an array, or stands alone in a body or on a line.
type place bool

const (
	within place = false
	alone  place = true
)

// value reads the next item and adds its event or rejection, if any, to the batch. It returns an
// error, and adds nothing, if the item is not valid JSON, if it is nested too deeply, or if it must
// stand alone but something follows it.
func (b *batcher[M, P]) value(s *scanner, where place) error {
	from := s.at
	var err error
	isObject := s.space() == '{'
	if isObject {
		b.read, s.repeated = *new(M), ""
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
		b.reject(raw, "", "the item must be a JSON object")
	case s.repeated != "":
		b.reject(raw, s.repeated, isRepeated)
	default:
		b.add(raw, P(&b.read))
	}
	return nil
}
