package traceapi

import (
	"net/url"
	"unicode/utf8"

	"devicetrace/pkg/event"
)

// device identifies the client of a request. clientID is the stored form of the identifier.
type device struct {
	instanceID event.InstanceID
	clientID   event.ClientID
}

func parseDevice(values url.Values) (device, error) {
	instanceID, err := parseInstance(values)
	if err != nil {
		return device{}, err
	}
	clientID, err := parseClientID(values)
	return device{instanceID, clientID}, err
}

func parseInstance(values url.Values) (event.InstanceID, error) {
	instanceID := event.InstanceID(values.Get("instance"))
	switch {
	case instanceID == "":
		return "", missing("instance is missing: name the broker instance")
	case !instanceID.Valid():
		return "", invalid("instance must be %s", event.InstanceIDRule)
	}
	return instanceID, nil
}

func parseClientID(values url.Values) (event.ClientID, error) {
	clientID, deviceID := event.ClientID(values.Get("client")), values.Get("device")
	switch {
	case clientID != "" && (values.Has("group") || deviceID != ""):
		return "", invalid("send either client, or group and device, not both")
	case clientID == "" && deviceID == "" && values.Has("group"):
		return "", missing("device is missing: group requires device")
	case clientID == "" && deviceID == "":
		return "", missing("client is missing: send a client identifier, or group and device")
	case clientID == "" && !values.Has("group"):
		return "", missing("group is missing: device requires group, which may be empty")
	case clientID == "":
		clientID = event.JoinClientID(values.Get("group"), deviceID)
	}
	if !utf8.ValidString(string(clientID)) {
		return "", invalid("a client identifier must be valid UTF-8")
	}
	return clientID.Stored(), nil
}

// identity is the part of a response that names the device.
type identity struct {
	InstanceID event.InstanceID `json:"instance_id"`
	ClientID   event.ClientID   `json:"client_id"`
	GroupID    string           `json:"group_id"`
	DeviceID   string           `json:"device_id"`
}

func (d device) identity() identity {
	groupID, deviceID := d.clientID.Split()
	return identity{d.instanceID, d.clientID, groupID, deviceID}
}
