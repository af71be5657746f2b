package traceapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"unicode/utf8"

	"devicetrace/pkg/query"
)

const (
	// maxBytes is where a page ends, whatever its limit, so that the answer stays
	// below the 6 MB that Function Compute lets through. It counts bytes as they
	// are in the runtime's answer, where the body is a JSON string.
	maxBytes = 5 << 20
	// maxUnreadable is how many unreadable objects an answer names; for there to
	// be more a partition would have to be lost as a whole.
	maxUnreadable = 1000
	// maxError is how much it tells of each one's error, in characters.
	maxError = 256
)

// page is what one answer holds: as many rows as fit, at least one.
type tracePage struct {
	format     format
	rows       [][]byte
	nextCursor string
	receipt    query.Receipt
	incomplete bool
	unreadable []query.Unreadable
	plan       []query.Step
}

func newTracePage(f format, answer query.Result) tracePage {
	p := tracePage{
		format: f, nextCursor: answer.NextCursor, incomplete: len(answer.Unreadable) > 0,
		receipt: answer.Receipt, plan: answer.Steps,
	}
	for _, object := range answer.Unreadable[:min(len(answer.Unreadable), maxUnreadable)] {
		p.unreadable = append(p.unreadable, query.Unreadable{Key: object.Key, Error: fmt.Sprintf("%.*s", maxError, object.Error)})
	}
	size := 0
	for i := range answer.Events {
		row := f.row(&answer.Events[i])
		size += wireSize(row)
		if i > 0 && size > maxBytes {
			p.nextCursor = query.CursorAfter(answer.Events[i-1])
			break
		}
		p.rows = append(p.rows, row)
	}
	return p
}

// wireSize is the length of a text inside a JSON string as encoding/json writes
// it, at most.
func wireSize(text []byte) int {
	size := 0
	for _, b := range text {
		switch {
		case b < ' ', b == '<', b == '>', b == '&':
			size += len(`\u0000`)
		case b == '"', b == '\\':
			size += len(`\"`)
		case b >= utf8.RuneSelf:
			size += 2 // U+2028 and U+2029 are 3 bytes and become 6
		default:
			size++
		}
	}
	return size
}

// write answers with the page. JSON tells the rest beside the rows; the other formats
// tell it in headers.
func (p tracePage) write(w http.ResponseWriter, r *http.Request) {
	if notModified(w, r, p.content()...) {
		return
	}
	w.Header().Set("Content-Type", p.format.contentType)
	if p.format.contentType == formats["json"].contentType {
		w.Write(p.object())
		return
	}
	p.header(w.Header())
	w.Write(p.format.head())
	for _, row := range p.rows {
		w.Write(row)
	}
}

// content is what makes two pages the same: all but what they cost.
func (p tracePage) content() [][]byte {
	var rest bytes.Buffer
	writeJSON(&rest, []any{p.format.contentType, p.nextCursor, p.unreadable, len(p.plan) > 0})
	return append(slices.Clone(p.rows), rest.Bytes())
}

// object is the page as one JSON object.
func (p tracePage) object() []byte {
	var b bytes.Buffer
	b.WriteString(`{"events":[`)
	b.Write(bytes.TrimSuffix(bytes.Join(p.rows, []byte(",")), []byte("\n")))
	b.WriteByte(']')
	if p.nextCursor != "" {
		b.WriteString(`,"next_cursor":`)
		writeJSON(&b, p.nextCursor)
	}
	if p.incomplete {
		b.WriteString(`,"incomplete":true,"unreadable":`)
		writeJSON(&b, p.unreadable)
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

// header tells what stands beside the rows.
func (p tracePage) header(header http.Header) {
	if p.nextCursor != "" {
		header.Set("X-Next-Cursor", p.nextCursor)
	}
	if p.incomplete {
		header.Set("X-Incomplete", "true")
	}
	receipt, err := json.Marshal(p.receipt)
	if err != nil {
		panic(err) // a receipt has a JSON form
	}
	header.Set("X-Receipt", string(receipt))
}
