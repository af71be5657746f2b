package webhook

import (
	"context"
	"log/slog"
	"net/http"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/quarantine"
	"devicetrace/pkg/serve"
)

// replay decodes an item again and records the events that the decoder now accepts. It deletes
// nothing and quarantines nothing.
//
// A replay is safe to repeat, because it uses the received time, the delivery's id and the headers
// stored with the item:
//   - An event without a time of its own gets the same time and identifier as before.
//   - An event that was recorded before becomes the same row again, so queries show it once.
//   - An event that was already older than the retention on arrival is rejected again.
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

// recordItem decodes an item and records its events. If the body is too long after decompression,
// the whole item counts as rejected.
func (h *Handler) recordItem(ctx context.Context, item quarantine.Item) (broker.Batch, error) {
	batch, err := h.decode(deliveryOf(item))
	if err != nil {
		return rejectAll("", err.Error()), nil
	}
	return batch, h.record(ctx, batch.Events)
}
