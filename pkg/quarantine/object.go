package quarantine

import (
	"time"
	"unicode/utf8"
)

// object is the stored form, one JSON object. The body stands in one of two
// fields: as text where it is UTF-8, else in base64.
type object struct {
	ReceivedAt time.Time `json:"received_at"`
	Route      string    `json:"route"`
	InstanceID string    `json:"instance_id"`
	Errors     []Error   `json:"errors"`
	Body       string    `json:"body,omitempty"`
	BodyBase64 []byte    `json:"body_base64,omitempty"`
}

func toObject(item Item) object {
	o := object{
		ReceivedAt: item.ReceivedAt.UTC(),
		Route:      item.Route,
		InstanceID: item.InstanceID,
		Errors:     item.Errors,
	}
	if utf8.Valid(item.Body) {
		o.Body = string(item.Body)
	} else {
		o.BodyBase64 = item.Body
	}
	return o
}

func (o object) item() Item {
	item := Item{ReceivedAt: o.ReceivedAt, Route: o.Route, InstanceID: o.InstanceID, Errors: o.Errors, Body: o.BodyBase64}
	if len(item.Body) == 0 {
		item.Body = []byte(o.Body)
	}
	return item
}
