package webhook

import (
	"log/slog"
	"net/http"

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
//   - An event that was already older than the retention on arrival is rejected again. An event
//     that was too far in the future on arrival is accepted once the clock has caught up.
//
// If the body exceeds a limit, the whole item is rejected again.
func (a admin) replay(w http.ResponseWriter, r *http.Request, id quarantine.ID) {
	memory := a.handler.budget.part()
	defer memory.release()
	item, err := a.read(r.Context(), id, memory)
	if err != nil {
		failRead(w, r, err)
		return
	}
	d := deliveryOf(item)
	got, err := a.handler.process(r.Context(), d, memory)
	if err != nil {
		slog.ErrorContext(r.Context(), "item not replayed", "quarantine_id", id.String(), "error", a.handler.loggedError(d, err))
		tryLater(w, err)
		return
	}
	slog.InfoContext(r.Context(), "replayed an item", "quarantine_id", id.String(), "recorded", got.recorded, "rejected", len(got.rejected))
	status := http.StatusOK
	if len(got.rejected) > 0 {
		status = http.StatusUnprocessableEntity
	}
	serve.JSON(w, status, newRejection(got))
}
