package webhook

import (
	"context"
	"log/slog"
	"net/http"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/quarantine"
	"devicetrace/pkg/serve"
)

// replay decodes an item again, as the recorder does today, and records what it
// understands now. It takes everything that came with the item for what it was, the
// received time too: an event without a time of its own keeps the one it had, what was
// recorded at first makes the same rows again, which are shown once, and what was
// too old for the retention then is so now. So it may be repeated. Nothing is deleted,
// and nothing is quarantined again.
func (a admin) replay(w http.ResponseWriter, r *http.Request, id quarantine.ID) {
	item, err := quarantine.Get(r.Context(), a.handler.config.Store, id)
	if err != nil {
		failItem(w, r, err)
		return
	}
	batch, err := a.handler.again(r.Context(), item)
	if err != nil {
		slog.ErrorContext(r.Context(), "not replayed", "quarantine_id", id.String(), "error", err.Error())
		tryLater(w, err)
		return
	}
	slog.InfoContext(r.Context(), "replayed", "quarantine_id", id.String(), "recorded", len(batch.Events), "rejected", len(batch.Rejected))
	status := http.StatusOK
	if len(batch.Rejected) > 0 {
		status = http.StatusUnprocessableEntity
	}
	serve.JSON(w, status, newRejection(batch))
}

// again records what is understood of an item. A body that unpacks into too much is
// one that cannot be understood.
func (h *Handler) again(ctx context.Context, item quarantine.Item) (broker.Batch, error) {
	batch, err := h.understand(&item)
	if err != nil {
		return rejected("", err), nil
	}
	return batch, h.record(ctx, batch.Events)
}
