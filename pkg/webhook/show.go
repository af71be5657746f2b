package webhook

import (
	"errors"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"devicetrace/pkg/event"
	"devicetrace/pkg/quarantine"
	"devicetrace/pkg/serve"
)

// shown is an item with its body, or a part of a long one.
type shown struct {
	ID         string             `json:"id"`
	ReceivedAt time.Time          `json:"received_at"`
	Route      string             `json:"route"`
	InstanceID event.InstanceID   `json:"instance_id"`
	Hook       string             `json:"hook,omitempty"`
	Position   string             `json:"position,omitempty"`
	Encoding   string             `json:"encoding,omitempty"` // that the body still has
	Errors     []quarantine.Error `json:"errors"`
	BodyBytes  int                `json:"body_bytes"` // of the whole body
	// Body is the part as text, or else BodyBase64 where it is not UTF-8.
	Body       string `json:"body,omitempty"`
	BodyBase64 []byte `json:"body_base64,omitempty"`
	// NextFrom is where the next part begins, as the parameter from; 0 where this is the last.
	NextFrom int `json:"next_from,omitempty"`
}

// maxPart is how much of a body is in one answer, in bytes. The platform takes
// answers of 6 MB, and JSON in JSON may need seven bytes for one.
const maxPart = 512 << 10

// show costs two requests.
func (a admin) show(w http.ResponseWriter, r *http.Request, id quarantine.ID) {
	from, err := parseFrom(r.URL.Query().Get("from"))
	if err != nil {
		serve.Fail(w, http.StatusBadRequest, "InvalidParameter", err.Error())
		return
	}
	item, err := quarantine.Get(r.Context(), a.handler.config.Store, id)
	if err != nil {
		failItem(w, r, err)
		return
	}
	serve.JSON(w, http.StatusOK, newShown(id, item, from))
}

func parseFrom(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	from, err := strconv.Atoi(text)
	if err != nil || from < 0 {
		return 0, errors.New("from must be a byte of the body, counted from 0")
	}
	return from, nil
}

func newShown(id quarantine.ID, item quarantine.Item, from int) shown {
	s := shown{
		ID: id.String(), ReceivedAt: item.ReceivedAt, Route: item.Route, InstanceID: item.InstanceID,
		Hook: item.Hook, Position: item.Position, Encoding: item.Encoding, Errors: item.Errors,
		BodyBytes: len(item.Body),
	}
	from = min(from, len(item.Body))
	end := partEnd(item.Body, from)
	if end < len(item.Body) {
		s.NextFrom = end
	}
	if part := item.Body[from:end]; utf8.Valid(part) {
		s.Body = string(part)
	} else {
		s.BodyBase64 = part
	}
	return s
}

// partEnd is where a part of the body ends: not within a character, if it is text.
func partEnd(body []byte, from int) int {
	end := from + maxPart
	if end >= len(body) {
		return len(body)
	}
	for back := range utf8.UTFMax {
		if utf8.RuneStart(body[end-back]) {
			return end - back
		}
	}
	return end
}
