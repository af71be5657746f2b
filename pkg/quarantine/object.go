package quarantine

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"devicetrace/pkg/event"
)

// object is the JSON object that stores an item. The body is in the field "body" or, if isReadable
// returns false, in "body_base64". The body comes last, and the errors come just before it, so that
// the summary can be read from the start of the object.
type object struct {
	ReceivedAt time.Time        `json:"received_at"`
	DeliveryID string           `json:"delivery_id,omitempty"`
	Route      string           `json:"route"`
	InstanceID event.InstanceID `json:"instance_id"`
	Hook       string           `json:"hook,omitempty"`
	Position   string           `json:"position,omitempty"`
	Encoding   string           `json:"encoding,omitempty"`
	ErrorCount int              `json:"error_count"`
	Errors     []Error          `json:"errors"`
	Body       string           `json:"body,omitempty"`
	BodyBase64 []byte           `json:"body_base64,omitempty"`
}

func toObject(item Item) object {
	o := object{
		ReceivedAt: item.ReceivedAt.UTC(),
		DeliveryID: item.DeliveryID,
		Route:      item.Route,
		InstanceID: item.InstanceID,
		Hook:       item.Hook,
		Position:   item.Position,
		Encoding:   item.Encoding,
		ErrorCount: len(item.Errors),
		Errors:     item.Errors,
	}
	if isReadable(item.Body) {
		o.Body = string(item.Body)
	} else {
		o.BodyBase64 = item.Body
	}
	return o
}

// isReadable reports whether a body is stored as text. It returns true if the body is UTF-8 and its
// JSON string is not longer than its base64 form. Without the second condition, a body of control
// characters would grow sixfold. With it, no body grows by more than about a third.
func isReadable(body []byte) bool {
	return utf8.Valid(body) && textLength(body) <= base64.StdEncoding.EncodedLen(len(body))
}

// textLength returns the length of a UTF-8 body as a JSON string, without the quotation marks.
func textLength(body []byte) int {
	length := len(body) + 3*(bytes.Count(body, []byte("\u2028"))+bytes.Count(body, []byte("\u2029")))
	for _, c := range body {
		switch {
		case c == '"', c == '\\', c == '\b', c == '\f', c == '\n', c == '\r', c == '\t':
			length++
		case c < ' ':
			length += len(`\u0000`) - 1
		}
	}
	return length
}

func (o object) item() Item {
	item := Item{
		ReceivedAt: o.ReceivedAt,
		DeliveryID: o.DeliveryID,
		Route:      o.Route,
		InstanceID: o.InstanceID,
		Hook:       o.Hook,
		Position:   o.Position,
		Encoding:   o.Encoding,
		Errors:     o.Errors,
		Body:       o.BodyBase64,
	}
	if len(item.Body) == 0 {
		item.Body = []byte(o.Body)
	}
	return item
}

func encode(item Item) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(toObject(item)); err != nil {
		return nil, fmt.Errorf("encode quarantined input: %w", err)
	}
	return b.Bytes(), nil
}

func decode(data []byte) (Item, error) {
	var o object
	if err := json.Unmarshal(data, &o); err != nil {
		return Item{}, err
	}
	return o.item(), nil
}

// decodeSummary decodes the start of an object, up to and including the first error.
func decodeSummary(start []byte) (s Summary, err error) {
	var ignored any
	fields := map[json.Token]any{
		"received_at": &s.ReceivedAt, "route": &s.Route, "instance_id": &s.InstanceID, "error_count": &s.Errors,
	}
	decoder := json.NewDecoder(bytes.NewReader(start))
	if _, err := decoder.Token(); err != nil { // the opening brace
		return s, err
	}
	for {
		name, err := decoder.Token()
		if err != nil {
			return s, err
		}
		if name == "errors" {
			break
		}
		field, known := fields[name]
		if !known {
			field = &ignored
		}
		if err := decoder.Decode(field); err != nil {
			return s, err
		}
	}
	if s.Errors == 0 {
		return s, nil
	}
	if _, err := decoder.Token(); err != nil { // the opening bracket
		return s, err
	}
	return s, decoder.Decode(&s.FirstError)
}
