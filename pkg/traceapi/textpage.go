package traceapi

import (
	"net/http"
	"strings"
)

// lines collects the lines of a response in plain text. No element contains a line break.
type lines []string

func (l *lines) add(more ...string) { *l = append(*l, more...) }

// section appends an empty line and the given lines. It appends nothing if there are no lines.
func (l *lines) section(more ...string) {
	if len(more) > 0 {
		l.add("")
		l.add(more...)
	}
}

func (l lines) bytes() []byte { return []byte(strings.Join(l, "\n") + "\n") }

// textResponse returns a response in plain text. Its entity tag covers the whole text. The receipt and
// the other facts in end are sent in the same headers as with CSV.
func textResponse(text lines, end tableEnd) response {
	body := text.bytes()
	return func(w http.ResponseWriter, r *http.Request) {
		if notModified(w, r, tagOf(body)) {
			return
		}
		end.header(w.Header())
		w.Header().Set("Content-Type", textType)
		w.Write(body)
	}
}

// freshTextResponse is like textResponse, but has no entity tag and must not be cached; see jsonResponse.
func freshTextResponse(text lines, end tableEnd) response {
	return func(w http.ResponseWriter, _ *http.Request) {
		end.header(w.Header())
		w.Header().Set("Content-Type", textType)
		w.Header().Set("Cache-Control", "no-store")
		w.Write(text.bytes())
	}
}

const textType = "text/plain; charset=utf-8"
