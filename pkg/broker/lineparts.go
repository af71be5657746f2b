package broker

import (
	"bytes"
	"time"
)

// lineParts joins the parts of a line that a container runtime has split. The runtime marks each
// part except the last with the letter P; see cutStream.
type lineParts struct {
	isOpen bool // the last part is still missing
	stream string
	raw    []byte // all parts, as sent
	at     int    // the byte offset of the first part in the body
	line   wrappedLine
}

// append adds a part. It drops the text of further parts once the line is too long to be accepted.
func (p *lineParts) append(raw, text []byte) {
	p.raw = through(p.raw, raw)
	if len(p.line.text) <= maxLine {
		p.line.text = append(bytes.Clone(p.line.text), text...)
	}
}

// maxPartHead is the maximum length of "STAMP STREAM F " in bytes.
const maxPartHead = 64

// cutPart cuts "STAMP STREAM F " or "STAMP STREAM P ", which a container runtime writes before a
// part of a line. isPart means that the line continues in another part. If there is no such prefix,
// stream is "".
func cutPart(text []byte) (stream string, isPart bool, rest []byte) {
	if !bytes.Contains(text[:min(len(text), maxPartHead)], []byte(" std")) { // as in most lines
		return "", false, text
	}
	_, rest, found := cutStamp(text, time.Time{})
	if !found || len(rest) == 0 || rest[0] != ' ' {
		return "", false, text
	}
	stream = string(rest[1:min(len(rest), len(" stdout"))])
	rest, ok := cutStream(rest[1:])
	if !ok {
		return "", false, text
	}
	return stream, bytes.HasSuffix(text[:len(text)-len(rest)], []byte(" P ")), rest
}
