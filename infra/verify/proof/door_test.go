package proof_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/ownform"
	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/quarantine"
	"devicetrace/pkg/record"
	"devicetrace/pkg/serve"
	"devicetrace/pkg/webhook"
)

// parcel holds the events that a sender delivers together. All of them belong to one instance.
type parcel struct {
	events []event.Event
	// If junk is true, the body also contains an item that no recorder understands.
	junk bool
	// If trigger is true, the sender delivers through a trigger of the function platform instead
	// of a webhook.
	trigger bool
}

// instance returns the instance of the events, or prod if there are none.
func (p parcel) instance() event.InstanceID {
	if len(p.events) == 0 {
		return prod
	}
	return p.events[0].InstanceID
}

// body returns the body of the delivery that carries the parcel, in the format of a webhook or
// of a trigger.
func (p parcel) body() (string, error) {
	encode := ownform.Encode
	if p.trigger {
		encode = encodeNotices
	}
	data, err := encode(p.events)
	if p.junk {
		list := strings.TrimSuffix(string(data), "]")
		if len(p.events) > 0 {
			list += ","
		}
		data = []byte(list + `{"junk":true}]`)
	}
	return string(data), err
}

// notice returns an event of a client at a given time, as the recorder derives it from a trigger
// notification.
func notice(client string, ms int) event.Event {
	e := at(client, ms)
	e.Source, e.NativeReason, e.ChannelID, e.Node = broker.ApsaraMQ, "", "channel", ""
	return e
}

// message returns an event of a client, as the recorder derives it from a trigger notification in
// an envelope. The notification has no time. The envelope has a time, ms milliseconds after noon,
// and the identifier of a message.
func message(client string, ms int) event.Event {
	e := notice(client, ms)
	e.SourceEventID = fmt.Sprint("message-", ms)
	return e
}

// encodeNotices encodes the trigger notifications from which the recorder derives the given
// events.
func encodeNotices(events []event.Event) ([]byte, error) {
	list := []map[string]any{}
	for _, e := range events {
		item := map[string]any{"eventType": e.NativeEvent, "clientId": e.ClientID, "channelId": e.ChannelID}
		switch {
		case e.SourceEventID != "":
			item = map[string]any{"time": e.Time, "data": map[string]any{
				"body": item, "systemProperties": map[string]any{"UNIQ_KEY": e.SourceEventID},
			}}
		case e.TimeOrigin == event.FromBroker:
			item["time"] = e.Time.UnixMilli()
		}
		list = append(list, item)
	}
	return json.Marshal(list)
}

const doorToken = "secret"

// door is a recorder's webhook handler. next holds the bits that identify the next delivery.
type door struct {
	*webhook.Handler
	next uint32
}

// Read supplies next to the handler in place of random bits.
func (d *door) Read(p []byte) (int, error) {
	binary.BigEndian.PutUint32(p, d.next)
	return len(p), nil
}

// newDoor returns the door of a recorder. Its memory budget is just large enough for the heaviest
// possible delivery.
func (w *world) newDoor(writer *record.Writer, store webhook.Store, now func() time.Time) *door {
	var tokens serve.Tokens
	require.NoError(w.t, tokens.Add(doorToken))
	d := &door{}
	var err error
	d.Handler, err = webhook.New(webhook.Config{
		Recorder: writer, Store: store, Tokens: tokens, AdminToken: doorToken,
		TriggerInstance: prod, BudgetBytes: webhook.MinBudget, Random: d, Now: now,
	})
	require.NoError(w.t, err)
	return d
}

// request posts a body and returns the status of the response.
func request(ctx context.Context, door http.Handler, path string, body io.Reader) int {
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/webhooks/"+path, body)
	r.Header.Set("Authorization", "Bearer "+doorToken)
	response := httptest.NewRecorder()
	door.ServeHTTP(response, r)
	return response.Code
}

// post delivers a parcel to a recorder and reports whether the parcel was acknowledged. received
// must be the time on the recorder's clock, because the ledger needs the received time of each
// event. post returns false if the response asks the sender to try again, and an error if the
// response is unexpected. No other delivery to the door may be in progress.
func (w *world) post(d *door, p parcel, received time.Time) (acknowledged bool, err error) {
	body, err := p.body()
	if err != nil {
		return false, err
	}
	d.next = w.nextID(p.instance())
	delivery := w.deliver(p.events, received, d.next)
	item := arrival{p.instance(), body, received.UnixMilli(), fmt.Sprintf("%08x", d.next)}
	if p.junk {
		w.sendJunk(item, delivery)
	}
	switch status := w.status(d.Handler, p, body); {
	case status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests:
		return false, nil
	case p.junk && status == http.StatusBadRequest:
		w.reject(item)
	case p.junk || status != http.StatusOK:
		return false, fmt.Errorf("response %d to %s", status, body)
	}
	w.acknowledge(delivery)
	return true, nil
}

// status delivers a parcel and returns the HTTP status of the response. A trigger gets nil or an
// error instead of an HTTP status. For a trigger, status therefore returns the HTTP status that a
// webhook would have got.
func (w *world) status(door *webhook.Handler, p parcel, body string) int {
	if !p.trigger {
		return request(w.t.Context(), door, "events/"+string(p.instance()), strings.NewReader(body))
	}
	switch err := door.Event(w.t.Context(), []byte(body)); {
	case err != nil:
		return http.StatusServiceUnavailable
	case p.junk:
		return http.StatusBadRequest
	default:
		return http.StatusOK
	}
}

// items returns the IDs of all quarantined items.
func items(ctx context.Context, store objstore.Lister) (ids []quarantine.ID, err error) {
	objects, err := objstore.All(ctx, store, layout.QuarantinePrefix, "")
	for _, object := range objects {
		day, digest, err := layout.ParseQuarantineKey(object.Key)
		if err != nil {
			return nil, err
		}
		ids = append(ids, quarantine.ID{Day: day, Digest: digest})
	}
	return ids, err
}

// replay replays every quarantined item, as an operator would. It returns false if the store
// or the recorder was unavailable. The operator then has to try again.
func (w *world) replay(door http.Handler, store objstore.Lister) (done bool, err error) {
	ids, err := items(w.t.Context(), store)
	if err != nil {
		return false, nil // the operator tries again
	}
	done = true
	for _, id := range ids {
		switch status := request(w.t.Context(), door, "quarantine/"+id.String()+"/replay", nil); status {
		case http.StatusOK:
			w.acknowledge(w.replayable[id])
		case http.StatusUnprocessableEntity: // the recorder still rejects at least part of the item
		case http.StatusServiceUnavailable, http.StatusTooManyRequests:
			done = false
		default:
			return false, fmt.Errorf("response %d to the replay of %q", status, id)
		}
	}
	return done, nil
}

// keepReplayable quarantines a whole parcel, as if an older recorder had received it and understood
// none of its events. Once the item has been replayed, queries must show these events.
func (w *world) keepReplayable(p parcel, received time.Time) {
	body, err := p.body()
	require.NoError(w.t, err)
	bits := w.nextID(p.instance())
	id, err := quarantine.Keep(w.t.Context(), w.store, quarantine.Item{
		ReceivedAt: received, DeliveryID: fmt.Sprintf("%08x", bits), Route: broker.Events, InstanceID: p.instance(), Body: []byte(body),
		Errors: []quarantine.Error{{Error: "is not supported yet"}},
	})
	require.NoError(w.t, err)
	w.replayable[id] = w.deliver(p.events, received, bits)
}

// quarantineSound returns an error if a delivery that a response reported as rejected is not in
// quarantine. It also returns an error if a delivery in quarantine was never sent.
//
// A recorder quarantines a delivery only after it has recorded the delivery's good events.
// quarantineSound therefore marks the good events of every quarantined delivery as acknowledged.
// From then on, queries must show these events, even if the sender got no response.
//
// quarantineSound ignores the items that keepReplayable has quarantined.
func (w *world) quarantineSound() error {
	ids, err := items(w.t.Context(), w.store)
	if err != nil {
		return err
	}
	found := map[arrival]bool{}
	for _, id := range ids {
		item, err := quarantine.Get(w.t.Context(), w.store, id)
		if err != nil {
			return err
		}
		if w.replayable[id] != nil {
			continue
		}
		at := arrival{item.InstanceID, string(item.Body), item.ReceivedAt.UnixMilli(), item.DeliveryID}
		delivery, sent := w.junk[at]
		if !sent {
			return fmt.Errorf("quarantined, but never sent: %s", item.Body)
		}
		found[at] = true
		w.acknowledge(delivery)
	}
	for at := range w.rejected {
		if !found[at] {
			return fmt.Errorf("lost from quarantine: %s", at.body)
		}
	}
	return nil
}
