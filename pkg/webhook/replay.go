package webhook

import (
	"context"
	"log/slog"
	"net/http"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/quarantine"
	"devicetrace/pkg/serve"
)

// replay decodes an item again, as the recorder does today, and records the events that it
// understands now. Everything kept with the item still applies, above all the received
// time: an event without a time of its own keeps the one it had, an event recorded at first
// becomes the same row again and is shown once, and an event too old for the retention then
// is too old now. So a replay may be repeated. It deletes nothing and quarantines nothing.
func (a admin) replay(w http.ResponseWriter, r *http.Request, id quarantine.ID) {
	item, err := quarantine.Get(r.Context(), a.handler.config.Store, id)
	if err != nil {
		failRead(w, r, err)
		return
	}
	batch, err := a.handler.recordItem(r.Context(), item)
	if err != nil {
		slog.ErrorContext(r.Context(), "item not replayed", "quarantine_id", id.String(), "error", err.Error())
		tryLater(w, err)
		return
	}
	slog.InfoContext(r.Context(), "replayed an item", "quarantine_id", id.String(), "recorded", len(batch.Events), "rejected", len(batch.Rejected))
	status := http.StatusOK
	if len(batch.Rejected) > 0 {
		status = http.StatusUnprocessableEntity
	}
	serve.JSON(w, status, newRejection(batch))
}

// recordItem records what it understands of an item. A body that is too large when
// unpacked is rejected.
func (h *Handler) recordItem(ctx context.Context, item quarantine.Item) (broker.Batch, error) {
	batch, err := h.decode(deliveryOf(item))
	if err != nil {
		return rejectAll("", err.Error()), nil
	}
	return batch, h.record(ctx, batch.Events)
}
