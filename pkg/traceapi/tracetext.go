package traceapi

import (
	"strings"
	"unicode"

	"devicetrace/pkg/event"
	"devicetrace/pkg/query"
)

// cellSeparator stands between the cells of a row of traceText. No cell contains it.
const cellSeparator = "\t"

// rowFormat returns the format of the rows of a trace in plain text. It separates the cells of a row with
// cellSeparator; table aligns them later.
func (s *style) rowFormat() format {
	return format{contentType: textType, head: nothing, row: func(e *event.Event) []byte {
		words := s.datum(s.info(e.ActionInfo, e.NativeReason))
		if native := nativeOf(e.ActionInfo, e.NativeReason); native != "" {
			words += " (" + s.datum(native) + ")"
		}
		channel := "–"
		if id := e.Channel(); id != "" {
			channel = s.datum(id)
		}
		return []byte(strings.Join([]string{channel, s.datum(string(e.Action)), words, s.Instant(e.Time)}, cellSeparator))
	}}
}

// traceText returns a page of events as plain text: a table with the columns of ApsaraMQ's page.
func (s *style) traceText(p tracePage, q query.Request) lines {
	groupID, deviceID := q.ClientID.Split()
	d := identity{q.InstanceID, q.ClientID, groupID, deviceID}
	l := s.heading(d)
	l.add(s.span(q.From, q.To))
	l.section(s.table(p)...)
	l.section(s.traceNotes(p, d)...)
	order := ""
	if q.Descending {
		order = "desc"
	}
	l.section(s.link("instance", string(d.InstanceID), "client", string(d.ClientID), "from", instant(q.From), "to", instant(q.To), "order", order))
	return l
}

// table returns the rows of a page with aligned columns.
func (s *style) table(p tracePage) lines {
	if len(p.rows) == 0 {
		return lines{s.Text("table.empty")}
	}
	rows := [][]string{{s.Text("column.channel"), s.Text("column.action"), s.Text("column.info"), s.Text("column.time")}}
	for _, row := range p.rows {
		rows = append(rows, strings.Split(string(row), cellSeparator))
	}
	return aligned(rows)
}

func (s *style) traceNotes(p tracePage, d identity) lines {
	l := s.incomplete(p.incomplete)
	if p.nextCursor != "" {
		l.add(s.Text("text.next", "cursor", p.nextCursor))
	}
	if p.absent != nil {
		l.add(s.absence(d.InstanceID, p.absent)...)
	}
	return l
}

// maxWidth is the maximum width to which cells are padded. It keeps a single long cell from padding
// all others.
const maxWidth = 64

// aligned pads the cells of each column, except the last one, to the same width. A cell that is wider
// than maxWidth shifts the rest of its row.
func aligned(rows [][]string) lines {
	last := len(rows[0]) - 1
	widths := make([]int, last)
	for _, row := range rows {
		for i, cell := range row[:last] {
			widths[i] = max(widths[i], min(width(cell), maxWidth))
		}
	}
	var l lines
	for _, row := range rows {
		var b strings.Builder
		for i, cell := range row[:last] {
			b.WriteString(cell + strings.Repeat(" ", max(widths[i]-width(cell), 0)+2))
		}
		l.add(b.String() + row[last])
	}
	return l
}

// width returns the number of columns that a text takes on a terminal. East Asian characters take
// two, and combining marks none.
func width(text string) (columns int) {
	for _, r := range text {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me):
		case unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana), 0x3000 <= r && r <= 0x303f, 0xff01 <= r && r <= 0xff60:
			columns += 2
		default:
			columns++
		}
	}
	return columns
}
