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

// itemResponse is an item with its body, or with a part of a long body.
type itemResponse struct {
	ID         string             `json:"id"`
	ReceivedAt time.Time          `json:"received_at"`
	DeliveryID string             `json:"delivery_id,omitempty"` // part of the identifiers of events without a time
	Route      string             `json:"route"`
	InstanceID event.InstanceID   `json:"instance_id"`
	Hook       string             `json:"hook,omitempty"`
	Position   string             `json:"position,omitempty"`
	Encoding   string             `json:"encoding,omitempty"` // Content-Encoding of the stored body
	Errors     []quarantine.Error `json:"errors"`
	BodyBytes  int                `json:"body_bytes"` // length of the whole body
	// Body holds the requested part of the body if that part is valid UTF-8. Otherwise, BodyBase64
	// holds the part.
	Body       string `json:"body,omitempty"`
	BodyBase64 []byte `json:"body_base64,omitempty"`
	// NextFrom is the offset of the next part, or 0 if this part is the last one. The client gets
	// the next part by sending this offset in the parameter "from".
	NextFrom int `json:"next_from,omitempty"`
}

// maxPart is the maximum length of a body part, in bytes. It keeps responses below the platform's
// limit of 6 MB. A part is escaped twice in a response, as JSON within JSON, so it can grow to
// seven times its length.
const maxPart = 512 << 10

// show responds with an item. It costs two store requests.
func (a admin) show(w http.ResponseWriter, r *http.Request, id quarantine.ID) {
	from, err := parseFrom(r.URL.Query().Get("from"))
	if err != nil {
		serve.Fail(w, http.StatusBadRequest, "InvalidParameter", err.Error())
		return
	}
	memory := a.handler.budget.part()
	defer memory.release()
	item, err := a.read(r.Context(), id, memory)
	if err != nil {
		failRead(w, r, err)
		return
	}
	serve.JSON(w, http.StatusOK, newItemResponse(id, item, from))
}

func parseFrom(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	from, err := strconv.Atoi(text)
	if err != nil || from < 0 {
		return 0, errors.New("from must be an offset in the body, in bytes, 0 or more")
	}
	return from, nil
}

func newItemResponse(id quarantine.ID, item quarantine.Item, from int) itemResponse {
	response := itemResponse{
		ID: id.String(), ReceivedAt: item.ReceivedAt, DeliveryID: item.DeliveryID, Route: item.Route, InstanceID: item.InstanceID,
		Hook: item.Hook, Position: item.Position, Encoding: item.Encoding, Errors: item.Errors,
		BodyBytes: len(item.Body),
	}
	from = min(from, len(item.Body))
	end := partEnd(item.Body, from)
	if end < len(item.Body) {
		response.NextFrom = end
	}
	if part := item.Body[from:end]; utf8.Valid(part) {
		response.Body = string(part)
	} else {
		response.BodyBase64 = part
	}
	return response
}

// partEnd returns the end of the part that begins at offset from. If the body is text, the part
// never ends in the middle of a character.
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
