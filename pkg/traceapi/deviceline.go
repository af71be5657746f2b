package traceapi

import (
	"time"

	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
	"devicetrace/pkg/summary"
)

// deviceLine is a device in a list.
type deviceLine struct {
	ClientID string `json:"client_id"`
	GroupID  string `json:"group_id"`
	DeviceID string `json:"device_id"`
	// Username, Address and Node are the newest known values.
	Username     string          `json:"username"`
	Address      string          `json:"address"`
	Node         string          `json:"node"`
	State        summary.State   `json:"state"`
	OfflineSince history.Instant `json:"offline_since"`
	// Confirmed means that the state is the device's status. Otherwise, the state rests only on the
	// events of the searched days.
	Confirmed bool            `json:"confirmed"`
	Connects  int64           `json:"connects"`
	Ends      int64           `json:"ends"`
	Drops     int64           `json:"drops"`
	Refusals  int64           `json:"refusals"`
	LastEvent history.Instant `json:"last_event"`
	LastDrop  *lastDrop       `json:"last_drop"`
}

type lastDrop struct {
	Time       history.Instant `json:"time"`
	ActionInfo string          `json:"action_info"`
}

func lineOf(d *summary.Device) deviceLine {
	groupID, deviceID := event.ClientID(d.ClientID).Split()
	line := deviceLine{
		ClientID: d.ClientID, GroupID: groupID, DeviceID: deviceID,
		Username: d.Username.Text, Address: d.Address.Text, Node: d.Node.Text,
		State: d.State(), OfflineSince: instantOf(d.OfflineSince()),
		Connects: d.Connects, Ends: d.Drops + d.Disconnects, Drops: d.Drops, Refusals: d.Refusals, LastEvent: instantOf(d.Last),
	}
	if d.LastDrop != 0 {
		line.LastDrop = &lastDrop{instantOf(d.LastDrop), d.DropInfo}
	}
	return line
}

// instantOf converts a time in Unix ms to an Instant. 0 stands for an unknown time.
func instantOf(ms int64) history.Instant {
	if ms == 0 {
		return 0
	}
	return history.At(time.UnixMilli(ms))
}
