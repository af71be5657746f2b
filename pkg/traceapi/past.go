package traceapi

import (
	"context"
	"time"

	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
	"devicetrace/pkg/query"
)

// past holds a device's events in the range [from, to]. The range grows backwards by whole UTC
// days, because a partition holds one day and is always read as a whole.
type past struct {
	api        api
	device     device
	from, to   time.Time
	events     []event.Event
	receipt    query.Receipt
	unreadable []query.Unreadable
}

// readPast reads the device's events in the range [startOfDay(from), to].
func (a api) readPast(ctx context.Context, d device, from, to time.Time) (*past, error) {
	p := &past{api: a, device: d, from: to.Add(time.Millisecond), to: to}
	return p, p.extend(ctx, startOfDay(from))
}

// extend adds the events in the range [from, p.from) to p, and moves p.from back to from.
func (p *past) extend(ctx context.Context, from time.Time) error {
	result, err := p.api.reader.Trace(ctx, query.Request{
		InstanceID: p.device.instanceID, ClientID: p.device.clientID,
		From: from, To: p.from.Add(-time.Millisecond),
	})
	if err != nil {
		return err
	}
	reportUnreadable(ctx, result)
	p.from = from
	p.events = append(result.Events, p.events...)
	p.receipt = p.receipt.Plus(result.Receipt)
	p.unreadable = append(p.unreadable, result.Unreadable...)
	return nil
}

// statusAt returns the device's status at an instant. If the events in p do not determine the
// status, statusAt extends p into the past: first by one day, then by two, four and so on. It stops
// when the events determine the status or the lookback is exhausted.
func (p *past) statusAt(ctx context.Context, at time.Time) (history.Status, error) {
	limit := startOfDay(at).Add(-p.api.lookback)
	for days := 1; ; days *= 2 {
		status := history.StatusAt(logOf(p.events), at)
		if status.Settled() || !p.from.After(limit) {
			return status, nil
		}
		start := p.from.AddDate(0, 0, -days)
		if start.Before(limit) {
			start = limit
		}
		if err := p.extend(ctx, start); err != nil {
			return history.Status{}, err
		}
	}
}

// logOf returns a log of events that are sorted by time.
func logOf(events []event.Event) *history.Log {
	log := &history.Log{}
	for i := range events {
		log.Add(&events[i])
	}
	return log
}

func startOfDay(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }
