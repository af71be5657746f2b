package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

// webhook is a delivery from EMQX 5 with a batch of events.
type webhook struct {
	body []byte
	rows int
	last event.Event
}

var emqx, _ = broker.Find(broker.EMQX)

// decode decodes the body as the recorder does.
func (w webhook) decode() ([]event.Event, error) {
	batch := emqx.Decode(w.body, broker.Meta{InstanceID: w.last.InstanceID, ReceivedAt: w.last.ReceivedAt})
	if len(batch.Rejected) > 0 || len(batch.Events) != w.rows {
		return nil, fmt.Errorf("decode webhook: %d events, rejected %v", len(batch.Events), batch.Rejected)
	}
	return batch.Events, nil
}

// webhooks returns up to 3,000 webhooks. Each webhook contains a full batch of the fleet's EMQX
// events.
func webhooks(b *testing.B, events []event.Event, batch int) (hooks []webhook) {
	events = slices.DeleteFunc(slices.Clone(events), func(e event.Event) bool {
		return e.Source != "emqx"
	})
	batch = min(batch, len(events))
	for part := range slices.Chunk(events, batch) {
		if len(hooks) < 3000 && len(part) == batch {
			hooks = append(hooks, newWebhook(b, part))
		}
	}
	require.NotEmpty(b, hooks)
	return hooks
}

// newWebhook returns a webhook with the given events. It sets all received times to the received
// time of the last event, and checks that decoding the webhook returns the same events.
func newWebhook(b *testing.B, events []event.Event) webhook {
	w := webhook{rows: len(events), last: events[len(events)-1]}
	var bodies []map[string]any
	for i := range events {
		events[i].ReceivedAt = w.last.ReceivedAt
		bodies = append(bodies, emqxBody(&events[i]))
	}
	var body any = bodies
	if len(bodies) == 1 {
		body = bodies[0]
	}
	var err error
	w.body, err = json.Marshal(body)
	require.NoError(b, err)
	decoded, err := w.decode()
	require.NoError(b, err)
	require.Equal(b, events, decoded)
	return w
}

// emqxBody returns the body that EMQX sends for an event if the HTTP action of the rule has an
// empty body template. The body is an object with all columns of the rule.
func emqxBody(e *event.Event) map[string]any {
	body := map[string]any{
		"event": e.NativeEvent, "timestamp": e.Time.UnixMilli(), "node": e.Node, "clientid": e.ClientID, "username": e.Username,
		"peername": fmt.Sprintf("%s:%d", e.PeerAddress, e.PeerPort), "sockname": "10.0.0.5:1883",
		"proto_name": e.Protocol, "proto_ver": e.ProtocolVersion, "mountpoint": "undefined", "receive_maximum": 32,
		"expiry_interval": 0, "is_bridge": false, "conn_props": struct{}{}, "client_attrs": struct{}{},
		"metadata": map[string]string{"rule_id": "device_trace"},
	}
	if e.KeepAlive.Known {
		body["keepalive"] = event.Seconds(e.KeepAlive).Value
	}
	if e.CleanStart.Known {
		body["clean_start"] = e.CleanStart.Value
	}
	if !e.ConnectedAt.IsZero() {
		body["connected_at"] = e.ConnectedAt.UnixMilli()
	}
	switch e.NativeEvent {
	case "client.disconnected":
		body["reason"], body["disconnected_at"] = e.NativeReason, e.Time.UnixMilli()
	case "client.connack":
		body["reason_code"] = e.NativeReason
	}
	return body
}
