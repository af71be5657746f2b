package traceapi

import (
	"context"
	"time"

	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
	"devicetrace/pkg/query"
)

// past holds a device's events from one instant to another. It grows backwards by whole UTC
// days, because a day's partition is read as a whole anyway.
type past struct {
	api        api
	device     device
	from, to   time.Time
	events     []event.Event
	receipt    query.Receipt
	unreadable []query.Unreadable
}

// history reads the events up to the instant to, beginning at the start of the UTC day that
// contains the instant from.
func (a api) history(ctx context.Context, d device, from, to time.Time) (*past, error) {
	h := &past{api: a, device: d, from: to.Add(time.Millisecond), to: to}
	return h, h.extend(ctx, startOfDay(from))
}

// extend reads the events before those that h already holds, back to the instant from.
func (h *past) extend(ctx context.Context, from time.Time) error {
	result, err := h.api.reader.Trace(ctx, query.Request{
		InstanceID: h.device.instanceID, ClientID: h.device.clientID,
		From: from, To: h.from.Add(-time.Millisecond),
	})
	if err != nil {
		return err
	}
	reportUnreadable(ctx, result)
	h.from = from
	h.events = append(result.Events, h.events...)
	h.receipt = h.receipt.Plus(result.Receipt)
	h.unreadable = append(h.unreadable, result.Unreadable...)
	return nil
}

// statusAt returns the device's status at an instant. It searches back until the events settle
// the status or the lookback is exhausted: one day, then two at once, four, and so on.
func (h *past) statusAt(ctx context.Context, at time.Time) (history.Status, error) {
	limit := startOfDay(at).Add(-h.api.lookback)
	for days := 1; ; days *= 2 {
		status := history.StatusAt(h.events, at)
		if status.Settled() || !h.from.After(limit) {
			return status, nil
		}
		earlier := h.from.AddDate(0, 0, -days)
		if earlier.Before(limit) {
			earlier = limit
		}
		if err := h.extend(ctx, earlier); err != nil {
			return history.Status{}, err
		}
	}
}

// since returns the events from an instant on.
func (h *past) since(from time.Time) []event.Event {
	var events []event.Event
	for _, e := range h.events {
		if !e.Time.Before(from) {
			events = append(events, e)
		}
	}
	return events
}

func startOfDay(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }
