package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

// emqxBody is an event as EMQX 5 sends it: a rule's HTTP action with an empty body
// template, one JSON object with all columns of the rule.
type emqxBody struct {
	Event          string            `json:"event"`
	Timestamp      int64             `json:"timestamp"`
	Node           string            `json:"node"`
	ClientID       string            `json:"clientid"`
	Username       string            `json:"username"`
	PeerName       string            `json:"peername"`
	SockName       string            `json:"sockname"`
	ProtoName      string            `json:"proto_name"`
	ProtoVer       int32             `json:"proto_ver"`
	Mountpoint     string            `json:"mountpoint"`
	KeepAlive      *int32            `json:"keepalive,omitempty"`
	CleanStart     *bool             `json:"clean_start,omitempty"`
	Reason         string            `json:"reason,omitempty"`
	ReasonCode     string            `json:"reason_code,omitempty"`
	ReceiveMaximum int               `json:"receive_maximum,omitempty"`
	Expiry         int               `json:"expiry_interval"`
	IsBridge       bool              `json:"is_bridge"`
	Properties     struct{}          `json:"conn_props"`
	Attributes     struct{}          `json:"client_attrs"`
	ConnectedAt    int64             `json:"connected_at,omitempty"`
	DisconnectedAt int64             `json:"disconnected_at,omitempty"`
	Metadata       map[string]string `json:"metadata"`
}

// toEMQX is the body that the decoder reads this event from.
func toEMQX(e *event.Event) emqxBody {
	b := emqxBody{
		Event: e.NativeEvent, Timestamp: e.Time.UnixMilli(), Node: e.Node, ClientID: string(e.ClientID), Username: e.Username,
		PeerName: fmt.Sprintf("%s:%d", e.PeerAddress, e.PeerPort), SockName: "10.0.0.5:1883",
		ProtoName: e.Protocol, ProtoVer: e.ProtocolVersion, Mountpoint: "undefined", ReceiveMaximum: 32,
		Metadata: map[string]string{"rule_id": "device_trace"},
	}
	b.KeepAlive = event.Seconds(e.KeepAlive).Pointer()
	if e.CleanStart.Known {
		b.CleanStart = &e.CleanStart.Value
	}
	if !e.ConnectedAt.IsZero() {
		b.ConnectedAt = e.ConnectedAt.UnixMilli()
	}
	switch e.NativeEvent {
	case "client.disconnected":
		b.Reason, b.DisconnectedAt = e.NativeReason, e.Time.UnixMilli()
	case "client.connack":
		b.ReasonCode = e.NativeReason
	}
	return b
}

// webhook is a batch of events as one body: an object, or an array of them.
type webhook struct {
	body []byte
	rows int
	last event.Event // of those in it
}

// newWebhook also makes sure that the decoder finds what went in. All events of a
// webhook have its time of receipt, that of the last one.
func newWebhook(events []event.Event) (webhook, error) {
	events = slices.Clone(events)
	bodies := make([]emqxBody, len(events))
	for i := range events {
		events[i].ReceivedAt = events[len(events)-1].ReceivedAt
		bodies[i] = toEMQX(&events[i])
	}
	var body any = bodies
	if len(bodies) == 1 {
		body = bodies[0]
	}
	text, err := json.Marshal(body)
	if err != nil {
		return webhook{}, err
	}
	w := webhook{body: bytes.TrimSpace(text), rows: len(events), last: events[len(events)-1]}
	decoded, err := w.decode()
	if err != nil {
		return w, err
	}
	for i := range decoded {
		if want, got := events[i], decoded[i]; want != got {
			return w, fmt.Errorf("decoded %+v, want %+v", got, want)
		}
	}
	return w, nil
}

var decodeEMQX, _ = broker.Lookup("emqx")

// decode is what the recorder does with a body.
func (w webhook) decode() ([]event.Event, error) {
	batch := decodeEMQX(w.body, broker.Meta{InstanceID: w.last.InstanceID, ReceivedAt: w.last.ReceivedAt})
	if len(batch.Rejected) > 0 || len(batch.Events) != w.rows {
		return nil, fmt.Errorf("%d events, rejected %v", len(batch.Events), batch.Rejected)
	}
	return batch.Events, nil
}

// ofEMQX is the events of one EMQX.
func ofEMQX(events []event.Event) []event.Event {
	var all []event.Event
	for _, e := range events {
		if e.Source == "emqx" && strings.HasSuffix(string(e.InstanceID), "north") {
			all = append(all, e)
		}
	}
	return all
}
