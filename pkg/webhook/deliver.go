package webhook

import (
	"context"
	"errors"
	"log/slog"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
	"devicetrace/pkg/quarantine"
	"devicetrace/pkg/record"
)

// errNoHook reports that a request does not name its kind of event. Such a request is not
// quarantined, because the body may contain a password.
var errNoHook = errors.New("the request does not name the kind of event")

// deliver makes a whole delivery durable or returns an error. It first records the events, and then
// quarantines the whole delivery if any item was rejected. An error does not mean that nothing was
// recorded, because quarantining may fail after recording has succeeded.
//
// Errors: errUnauthorized, errBadSignature, errForbidden, errNoHook, errUnreadable, errBusy, a
// refusal, or the error of a failed write or of Config.Random.
func (h *Handler) deliver(ctx context.Context, d *delivery) (outcome, error) {
	if err := h.authorize(d); err != nil {
		return outcome{}, err
	}
	if err := d.identify(h.config.Random); err != nil {
		return outcome{}, err
	}
	memory := h.budget.part()
	defer memory.release()
	if err := memory.resize(d.sentWeight()); err != nil {
		return outcome{}, err
	}
	if d.source.HookHeader != "" && d.hook == "" {
		return outcome{}, errNoHook
	}
	if err := d.readBody(d.length); err != nil {
		return outcome{}, err
	}
	ctx, cancel := ignoreDisconnect(ctx)
	defer cancel()
	got, err := h.recordBody(ctx, d, memory)
	if err != nil {
		return outcome{}, err
	}
	return got, h.quarantine(ctx, d, got.rejected)
}

// outcome says how many events of a body were recorded, and which items were rejected.
type outcome struct {
	recorded int // the number of events
	rejected []broker.Rejected
}

// recordBody decodes the body and records its events. It keeps no reference to the events, so they
// can be freed while their rows are recorded.
func (h *Handler) recordBody(ctx context.Context, d *delivery, memory *part) (outcome, error) {
	batch, err := h.decode(d, memory)
	if err != nil {
		return outcome{}, err
	}
	got := outcome{len(batch.Events), batch.Rejected}
	return got, h.record(ctx, batch.Events)
}

// decode decompresses the body and returns its events and its rejected items. A body that
// cannot be decompressed counts as one rejected item. The error is errBusy or a refusal.
//
// memory is the delivery's part of the budget. decode first resizes it to cover quarantining the
// body as sent. Before decode decompresses the body, it resizes memory again, to cover the
// decompressed body and its events as well.
func (h *Handler) decode(d *delivery, memory *part) (broker.Batch, error) {
	sent := int64(len(d.body))
	if err := memory.resize(minWeight + byteWeight*sent); err != nil {
		return broker.Batch{}, err
	}
	if d.source.Decode == nil {
		return rejectAll("", "there is no such route any more"), nil
	}
	if !isUsablePosition(d.position) {
		return rejectAll(positionHeader, positionRule), nil
	}
	held, err := d.measure()
	switch {
	case errors.Is(err, errTooLarge):
		return broker.Batch{}, err
	case err != nil:
		return rejectAll("", err.Error()), nil
	}
	if err := memory.resize(held.weight(sent)); err != nil {
		return broker.Batch{}, err
	}
	if err := d.decompress(held.bytes); err != nil {
		return rejectAll("", err.Error()), nil
	}
	batch := d.source.Decode(d.body, broker.Meta{
		InstanceID: d.instance,
		ReceivedAt: d.receivedAt,
		Now:        h.config.Now(),
		Retention:  h.config.Retention,
		DeliveryID: d.id,
		Hook:       d.hook,
		Position:   d.position,
	})
	if batch.TooMany {
		return broker.Batch{}, errTooMany
	}
	return batch, nil
}

// rejectAll returns the batch for a body that is rejected as a whole. field names the field at
// fault, if any. reason says what is wrong.
func rejectAll(field, reason string) broker.Batch {
	return broker.Batch{Rejected: []broker.Rejected{{Field: field, Error: reason}}}
}

// ignoreDisconnect returns a context that is not canceled when the sender disconnects. Some brokers
// close the connection right after the request and never retry, but their events must still be
// recorded. The deadline of ctx still applies.
func ignoreDisconnect(ctx context.Context) (context.Context, context.CancelFunc) {
	lasting := context.WithoutCancel(ctx)
	if deadline, ok := ctx.Deadline(); ok {
		return context.WithDeadline(lasting, deadline)
	}
	return lasting, func() {}
}

// record makes events durable. If they belong to too many partitions, the error is a refusal.
func (h *Handler) record(ctx context.Context, events []event.Event) error {
	if len(events) == 0 {
		return nil
	}
	err := h.config.Recorder.Append(ctx, events)
	var spread *record.SpreadError
	if errors.As(err, &spread) {
		return refuseSpread(spread)
	}
	return err
}

// process decodes a delivery that did not arrive as a webhook request, and records its events. If
// the delivery exceeds a limit, the whole delivery counts as rejected, because trying again cannot
// help.
func (h *Handler) process(ctx context.Context, d *delivery, memory *part) (outcome, error) {
	got, err := h.recordBody(ctx, d, memory)
	var refused refusal
	if errors.As(err, &refused) {
		return outcome{rejected: rejectAll("", refused.reason).Rejected}, nil
	}
	return got, err
}

// quarantine keeps the whole delivery if any of its items was rejected.
func (h *Handler) quarantine(ctx context.Context, d *delivery, rejected []broker.Rejected) error {
	if len(rejected) == 0 {
		return nil
	}
	id, err := quarantine.Keep(ctx, h.config.Store, d.item(rejected))
	if err != nil {
		return err
	}
	slog.WarnContext(ctx, "quarantined a delivery", "route", d.route, "instance", h.loggedInstance(d),
		"rejected", len(rejected), "quarantine_id", id.String())
	return nil
}
