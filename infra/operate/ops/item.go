package main

import (
	"fmt"
	"net/url"
	"time"
)

const quarantinePath = "/webhooks/quarantine"

func itemPath(id string) string { return quarantinePath + "/" + url.PathEscape(id) }

// itemHead holds the fields that every response about a quarantined item contains.
type itemHead struct {
	ID         string    `json:"id"`
	ReceivedAt time.Time `json:"received_at"`
	Route      string    `json:"route"`
	InstanceID string    `json:"instance_id"`
}

func (h itemHead) received() string {
	if h.ReceivedAt.IsZero() {
		return "unknown"
	}
	return h.ReceivedAt.UTC().Format(time.DateTime)
}

// rejection describes what was wrong with one item in a request body.
type rejection struct {
	Item  int    `json:"item"`
	Field string `json:"field"`
	Error string `json:"error"`
}

func (r rejection) String() string {
	if r.Field == "" {
		return clean(fmt.Sprintf("item %d: %s", r.Item, r.Error))
	}
	return clean(fmt.Sprintf("item %d, %s: %s", r.Item, r.Field, r.Error))
}
