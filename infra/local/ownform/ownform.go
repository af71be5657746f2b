// Package ownform encodes events in the project's own form. The recorder accepts this form
// on the route for the source "events", and package broker decodes it.
package ownform

import (
	"encoding/json"
	"time"

	"devicetrace/pkg/event"
)

// Encode returns the events as a JSON list. It leaves out unknown values, and also the
// instance and the received time, which only a recorder can know.
func Encode(events []event.Event) ([]byte, error) {
	items := make([]map[string]any, len(events))
	for i := range events {
		items[i] = item(&events[i])
	}
	return json.Marshal(items)
}

// columns lists the columns whose values Encode takes from Column.Value. The column channel_id is
// excluded for this reason: if the source gave no channel identifier, Column.Value derives one, but
// Encode must not send a derived identifier.
var columns = sentColumns()

func sentColumns() (sent []event.Column) {
	for _, column := range event.Columns() {
		switch column.Name {
		case "instance_id", "received_at", "time_origin", "channel_id":
		default:
			sent = append(sent, column)
		}
	}
	return sent
}

func item(e *event.Event) map[string]any {
	item := map[string]any{}
	if e.ChannelID != "" {
		item["channel_id"] = e.ChannelID
	}
	for _, column := range columns {
		switch value := column.Value(e).(type) {
		case nil:
		case time.Time:
			item[column.Name] = value.UnixMilli()
		default:
			if value != "" {
				item[column.Name] = value
			}
		}
	}
	return item
}
