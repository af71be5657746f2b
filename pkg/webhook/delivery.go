package webhook

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
	"devicetrace/pkg/quarantine"
	"devicetrace/pkg/serve"
)

// deliver makes what a broker sent durable and only then answers.
func (h *Handler) deliver(w http.ResponseWriter, r *http.Request, to address) {
	batch, err := h.admit(r, to)
	switch {
	case err != nil:
		refuse(w, r, h.named(to), err)
	case len(batch.Rejected) > 0:
		serve.JSON(w, http.StatusBadRequest, newRejection(batch))
	default:
		serve.JSON(w, http.StatusOK, acceptance{Recorded: len(batch.Events)})
	}
}

// admit lets a request in for which there is room, if its sender may come in at all, and
// keeps it.
func (h *Handler) admit(r *http.Request, to address) (batch broker.Batch, err error) {
	if err := h.authorise(r, to); err != nil {
		return batch, err
	}
	weight := weightOf(r)
	if err := h.room.enter(weight); err != nil {
		return batch, err
	}
	defer h.room.leave(weight)
	input, batch, err := h.take(r, to)
	if err == nil {
		err = h.keepWhoever(r.Context(), input, batch)
	}
	return batch, err
}

// take reads a request and decodes it. An error says that there is nothing to keep.
func (h *Handler) take(r *http.Request, to address) (input quarantine.Item, batch broker.Batch, err error) {
	input = quarantine.Item{
		ReceivedAt: h.config.Now().UTC(),
		Route:      to.route,
		InstanceID: to.instance,
		Hook:       hookOf(r),
		Position:   positionOf(r),
		Encoding:   encodingOf(r),
	}
	if input.Hook == "" && to.route == verneMQ {
		return input, batch, errNoHook
	}
	if input.Body, err = readBody(r.Body); err != nil {
		return input, batch, err
	}
	batch, err = h.understand(&input)
	return input, batch, err
}

// understand decodes an input by what it says of itself. It unpacks the body, if it
// can: a body that cannot be unpacked is an item that cannot be understood. The one
// error is errTooLarge.
func (h *Handler) understand(input *quarantine.Item) (broker.Batch, error) {
	decode, known := broker.Lookup(input.Route)
	if !known {
		return rejected("", errors.New("there is no such route any more")), nil
	}
	if !usablePosition(input.Position) {
		return rejected(positionHeader, errPosition), nil
	}
	body, err := unpack(input.Body, input.Encoding)
	if errors.Is(err, errTooLarge) {
		return broker.Batch{}, err
	}
	if err != nil {
		return rejected("", err), nil
	}
	input.Body, input.Encoding = body, ""
	return decode(body, broker.Meta{
		InstanceID: input.InstanceID,
		ReceivedAt: input.ReceivedAt,
		Retention:  h.config.Retention,
		Hook:       input.Hook,
		Position:   input.Position,
	}), nil
}

// rejected is the batch of a body that cannot be understood at all.
func rejected(field string, why error) broker.Batch {
	return broker.Batch{Rejected: []broker.Rejected{{Field: field, Error: why.Error()}}}
}

// keepWhoever keeps an input also if the sender goes away meanwhile: some brokers
// close the connection behind their request and never send it again. The request's
// deadline holds all the same.
func (h *Handler) keepWhoever(ctx context.Context, input quarantine.Item, batch broker.Batch) error {
	lasting := context.WithoutCancel(ctx)
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		lasting, cancel = context.WithDeadline(lasting, deadline)
		defer cancel()
	}
	return h.keep(lasting, input, batch)
}

// keep makes all of an input durable. Events come before quarantine: if the second
// of the two fails the input is sent again, and events that are there twice are
// shown once.
func (h *Handler) keep(ctx context.Context, input quarantine.Item, batch broker.Batch) error {
	if err := h.record(ctx, batch.Events); err != nil {
		return err
	}
	return h.quarantine(ctx, input, batch.Rejected)
}

func (h *Handler) record(ctx context.Context, events []event.Event) error {
	if len(events) == 0 {
		return nil
	}
	return h.config.Recorder.Append(ctx, events)
}

// quarantine keeps the whole original of an input that was rejected in part.
func (h *Handler) quarantine(ctx context.Context, input quarantine.Item, rejected []broker.Rejected) error {
	if len(rejected) == 0 {
		return nil
	}
	for _, one := range rejected {
		input.Errors = append(input.Errors, quarantine.Error{Item: one.Item, Field: one.Field, Error: one.Error})
	}
	id, err := quarantine.Keep(ctx, h.config.Store, input)
	if err != nil {
		return err
	}
	slog.WarnContext(ctx, "rejected input, kept in quarantine", "route", input.Route, "instance", input.InstanceID,
		"rejected", len(rejected), "quarantine_id", id.String())
	return nil
}
