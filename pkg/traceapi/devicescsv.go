package traceapi

import (
	"fmt"
	"net/http"

	"devicetrace/pkg/history"
)

// csv returns the list in CSV. If bom is true, the response begins with a byte order mark.
func (d devicesResponse) csv(bom bool) response {
	records := make([][]byte, len(d.Devices))
	for i, line := range d.Devices {
		records[i] = line.csv()
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Exact", fmt.Sprint(d.Exact))
		writeTable(w, bom, deviceColumns, records, tableEnd{d.NextCursor, !d.Covered.Complete, d.absence, d.Receipt})
	}
}

// deviceColumns are the columns of a list of devices in CSV.
var deviceColumns = []string{
	"client_id", "group_id", "device_id", "username", "address", "node", "state", "offline_since", "confirmed",
	"connects", "ends", "drops", "refusals", "last_event", "last_drop", "last_drop_action_info",
}

func (l deviceLine) csv() []byte {
	last := lastDrop{}
	if l.LastDrop != nil {
		last = *l.LastDrop
	}
	return tableRecord(
		l.ClientID, l.GroupID, l.DeviceID, l.Username, l.Address, l.Node, string(l.State), textOf(l.OfflineSince), l.Confirmed,
		l.Connects, l.Ends, l.Drops, l.Refusals, textOf(l.LastEvent), textOf(last.Time), last.ActionInfo,
	)
}

// textOf returns a time as text. The text of an unknown time is empty.
func textOf(i history.Instant) string {
	if i.IsZero() {
		return ""
	}
	return instant(i.Time())
}
