package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
	"devicetrace/pkg/quarantine"
	"devicetrace/pkg/serve"
)

// appender makes events durable: record.Writer.
type appender interface {
	Append(ctx context.Context, events []event.Event) error
}

// webhooks answers POST /webhooks/{route}/{instance}. It holds nothing of a request.
type webhooks struct {
	writer    appender
	store     quarantine.Putter
	retention time.Duration
	now       func() time.Time
}

const webhookPath = "/webhooks/"

// newHandler lets only requests with the token reach the webhooks.
func newHandler(token string, hooks webhooks) http.Handler {
	authorised := serve.Bearer(token, hooks)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, webhookPath) {
			notFound(w)
			return
		}
		authorised.ServeHTTP(w, r)
	})
}

func (h webhooks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d, found := h.delivery(r)
	switch {
	case !found:
		notFound(w)
	case r.Method != http.MethodPost:
		serve.NotAllowed(w, http.MethodPost)
	case !validInstance(d.instance):
		serve.Fail(w, http.StatusBadRequest, "InvalidInstance", "the instance in the path must be 1 to 128 letters, digits, '_', '-', '.' or ':'")
	default:
		h.receive(w, r, d)
	}
}

func notFound(w http.ResponseWriter) {
	serve.Fail(w, http.StatusNotFound, "NotFound", "there is no such path; send events to /webhooks/emqx/{instance} or /webhooks/events/{instance}")
}

// delivery is one request of a broker.
type delivery struct {
	route, instance string
	decode          broker.Decoder
	receivedAt      time.Time
	retention       time.Duration
}

// delivery reads the path; found says that the route has a decoder.
func (h webhooks) delivery(r *http.Request) (d delivery, found bool) {
	route, instance, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, webhookPath), "/")
	decode, found := broker.Lookup(route)
	return delivery{
		route: route, instance: instance, decode: decode,
		receivedAt: h.now().UTC(), retention: h.retention,
	}, found
}

// receive makes a delivery durable and only then answers. Events come before
// quarantine: if the second of the two fails the request is sent again, and events
// that are there twice are shown once.
func (h webhooks) receive(w http.ResponseWriter, r *http.Request, d delivery) {
	body, batch, err := understand(r, d)
	if err == nil {
		err = h.record(r.Context(), batch.Events)
	}
	if err == nil {
		err = h.quarantine(r.Context(), d, body, batch.Rejected)
	}
	switch {
	case err != nil:
		refuse(w, r, d, err)
	case len(batch.Rejected) > 0:
		serve.JSON(w, http.StatusBadRequest, newRejection(batch))
	default:
		serve.JSON(w, http.StatusOK, acceptance{Recorded: len(batch.Events)})
	}
}

// understand reads and decodes the body. A body that cannot be unpacked is an
// item that cannot be understood; an error says that there is nothing to keep.
func understand(r *http.Request, d delivery) (body []byte, batch broker.Batch, err error) {
	received, err := readBody(r.Body)
	if err != nil {
		return nil, broker.Batch{}, err
	}
	body, err = unpack(received, r.Header.Get("Content-Encoding"))
	if errors.Is(err, errTooLarge) {
		return nil, broker.Batch{}, err
	}
	if err != nil {
		return received, broker.Batch{Rejected: []broker.Rejected{{Error: err.Error()}}}, nil
	}
	meta := broker.Meta{InstanceID: d.instance, ReceivedAt: d.receivedAt, Retention: d.retention}
	return body, d.decode(body, meta), nil
}

func (h webhooks) record(ctx context.Context, events []event.Event) error {
	if len(events) == 0 {
		return nil
	}
	return h.writer.Append(ctx, events)
}

// quarantine keeps the whole original of a body that was rejected in part.
func (h webhooks) quarantine(ctx context.Context, d delivery, body []byte, rejected []broker.Rejected) error {
	if len(rejected) == 0 {
		return nil
	}
	item := quarantine.Item{ReceivedAt: d.receivedAt, Route: d.route, InstanceID: d.instance, Body: body}
	for _, one := range rejected {
		item.Errors = append(item.Errors, quarantine.Error{Item: one.Item, Field: one.Field, Error: one.Error})
	}
	id, err := quarantine.Keep(ctx, h.store, item)
	if err != nil {
		return err
	}
	slog.WarnContext(ctx, "rejected input, kept in quarantine",
		"route", d.route, "instance", d.instance, "rejected", len(rejected), "quarantine_id", id)
	return nil
}
