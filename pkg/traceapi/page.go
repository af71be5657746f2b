package traceapi

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"unicode/utf8"

	"devicetrace/pkg/event"
	"devicetrace/pkg/query"
)

const (
	// maxBytes is the approximate maximum size of a response, in bytes. A page ends before its rows
	// exceed maxBytes, even if it does not yet have as many rows as requested. This keeps the
	// response below Function Compute's limit of 6 MB. That limit applies to the body encoded as a
	// JSON string, so the escapes are included in the size.
	maxBytes = 5 << 20
	// smallBytes is the approximate maximum size, in bytes, of a response that needs no slot. A
	// larger response needs one of the maxLarge slots in api.large until it is sent. If no slot is
	// free, a page ends at smallBytes, a diagnosis is shortened to it, and a list of instances
	// waits. This limits the memory for responses, even if clients read them slowly.
	smallBytes = 256 << 10
	maxLarge   = 8
	// maxUnreadable is the maximum number of unreadable objects that a response lists. This is
	// enough unless a whole partition was lost.
	maxUnreadable = 1000
	// maxError is the maximum length, in characters, of an unreadable object's error message.
	maxError = 256
)

// tracePage is the content of one response. Its rows are restricted by the limit and by maxBytes
// or, without a free slot, smallBytes. The first row is always included.
type tracePage struct {
	format     format
	rows       [][]byte
	nextCursor string
	receipt    query.Receipt
	incomplete bool
	unreadable []query.Unreadable
	plan       []query.Step
	absent     *absence
}

// readPage reads a page of at most limit rows from a stream. It stops at the first event after the
// page. That event shows that another page follows.
func readPage(ctx context.Context, f format, s stream, limit int, large *slot) (tracePage, error) {
	p := tracePage{format: f}
	var last event.Event
	size := 0
	for e, err := range s.Events(ctx) {
		if err != nil {
			return tracePage{}, err
		}
		row := f.row(e)
		size += wireSize(row)
		if len(p.rows) == limit || len(p.rows) > 0 && (size > maxBytes || size > smallBytes && !large.take()) {
			p.nextCursor = query.CursorAfter(&last)
			break
		}
		p.rows, last = append(p.rows, bytes.Clone(row)), *e // a clone has no unused capacity
	}
	return p, nil
}

// with returns a copy of the page that also has the receipt, the steps and the unreadable objects
// of the result. It logs the unreadable objects.
func (p tracePage) with(ctx context.Context, result query.Result) tracePage {
	reportUnreadable(ctx, result)
	p.receipt, p.plan, p.incomplete = result.Receipt, result.Steps, len(result.Unreadable) > 0
	p.unreadable = shortList(result.Unreadable)
	return p
}

// shortList returns the objects as a response lists them: at most maxUnreadable, with short errors.
func shortList(objects []query.Unreadable) []query.Unreadable {
	short := []query.Unreadable{}
	for _, object := range objects[:min(len(objects), maxUnreadable)] {
		short = append(short, query.Unreadable{Key: object.Key, Error: fmt.Sprintf("%.*s", maxError, object.Error)})
	}
	return short
}

// wireSize returns an upper bound for the number of bytes that encoding/json writes for the given
// text as part of a JSON string.
func wireSize(text []byte) int {
	size := 0
	for _, b := range text {
		switch {
		case b < ' ', b == '<', b == '>', b == '&':
			size += len(`\u0000`)
		case b == '"', b == '\\':
			size += len(`\"`)
		case b >= utf8.RuneSelf:
			// Count 2 bytes for each byte of a non-ASCII character. For U+2028 and U+2029, this is
			// exact: their 3 bytes become the 6 bytes of \u2028 and \u2029. All other characters
			// stay unchanged, so for them the count is only an upper bound.
			size += 2
		default:
			size++
		}
	}
	return size
}

// write writes the page. A JSON body contains the rows, the cursor and the receipt. The other
// formats send the cursor and the receipt in headers.
func (p tracePage) write(w http.ResponseWriter, r *http.Request) {
	if notModified(w, r, tagOf(p.content()...)) {
		return
	}
	w.Header().Set("Content-Type", p.format.contentType)
	if p.format.contentType == formats["json"].contentType {
		p.writeObject(w)
		return
	}
	tableEnd{p.nextCursor, p.incomplete, p.absent, p.receipt}.header(w.Header())
	w.Write(p.format.head())
	for _, row := range p.rows {
		w.Write(row)
	}
}

// content returns the part of a page that its entity tag covers: everything except the receipt and
// the steps of the query plan, which can differ between responses with the same rows.
func (p tracePage) content() [][]byte {
	var rest bytes.Buffer
	writeJSON(&rest, []any{p.format.contentType, p.nextCursor, p.unreadable, len(p.plan) > 0, p.absent})
	return append(slices.Clone(p.rows), rest.Bytes())
}

// writeObject writes the page as one JSON object. It makes no copy of the rows.
func (p tracePage) writeObject(w io.Writer) {
	io.WriteString(w, `{"events":[`)
	for i, row := range p.rows {
		if i > 0 {
			io.WriteString(w, ",")
		}
		if i == len(p.rows)-1 {
			row = bytes.TrimSuffix(row, []byte("\n"))
		}
		w.Write(row)
	}
	w.Write(p.rest())
}

// rest returns the part of the JSON object that follows the rows.
func (p tracePage) rest() []byte {
	var b bytes.Buffer
	b.WriteByte(']')
	if p.nextCursor != "" {
		b.WriteString(`,"next_cursor":`)
		writeJSON(&b, p.nextCursor)
	}
	if p.incomplete {
		b.WriteString(`,"incomplete":true,"unreadable":`)
		writeJSON(&b, p.unreadable)
	}
	if p.absent != nil {
		var absent bytes.Buffer
		writeJSON(&absent, p.absent)
		b.WriteByte(',')
		b.Write(absent.Bytes()[1 : absent.Len()-1]) // without the braces
	}
	b.WriteString(`,"receipt":`)
	writeJSON(&b, p.receipt)
	if p.plan != nil {
		b.WriteString(`,"plan":`)
		writeJSON(&b, p.plan)
	}
	b.WriteString("}\n")
	return b.Bytes()
}
