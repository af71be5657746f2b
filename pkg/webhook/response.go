package webhook

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/serve"
)

// acceptance is the response if no item of a body was rejected. All events of the body are then
// durable.
type acceptance struct {
	Recorded int `json:"recorded"`
}

// rejection is the response if any item of a body was rejected. The events of all other items
// are durable.
type rejection struct {
	Recorded int               `json:"recorded"`
	Rejected []broker.Rejected `json:"rejected"`
	// More is the number of rejected items that the list omits; the quarantine has all
	// rejected items.
	More int `json:"more_rejected,omitempty"`
}

const (
	// maxRejectedBytes is the approximate maximum length of a response's list of rejected
	// items, in bytes.
	maxRejectedBytes = 12 << 10
	// rejectedOverhead is the approximate JSON length, in bytes, of a rejected item whose string
	// fields are empty.
	rejectedOverhead = 48
)

func newRejection(got outcome) rejection {
	response := rejection{Recorded: got.recorded, Rejected: []broker.Rejected{}}
	size := 0
	for _, one := range got.rejected {
		size += rejectedOverhead + len(one.Field) + len(one.Error)
		if size > maxRejectedBytes {
			response.More += one.Items
		} else {
			response.Rejected = append(response.Rejected, one)
		}
	}
	return response
}

// respond reports the outcome of a delivery to its sender.
func (h *Handler) respond(ctx context.Context, w http.ResponseWriter, d *delivery, got outcome, err error) {
	switch {
	case err != nil:
		slog.ErrorContext(ctx, "delivery not recorded", "route", d.route, "instance", h.loggedInstance(d), "error", h.loggedError(d, err))
		refuse(w, d, err)
	case len(got.rejected) > 0:
		serve.JSON(w, http.StatusBadRequest, newRejection(got))
	default:
		serve.JSON(w, http.StatusOK, acceptance{Recorded: got.recorded})
	}
}

// refuse responds to the sender of a failed delivery. Brokers retry only after 429 and 503. After
// any other status, the delivery is lost, and only a line in the log mentions it.
func refuse(w http.ResponseWriter, d *delivery, err error) {
	var refused refusal
	switch {
	case errors.Is(err, errUnauthorized):
		unauthorized(w, tokenWanted(d.source))
	case errors.Is(err, errBadSignature):
		unauthorized(w, err.Error())
	case errors.Is(err, errForbidden):
		serve.Forbidden(w)
	case errors.Is(err, errNoHook):
		serve.Fail(w, http.StatusBadRequest, "InvalidHook", "the header "+d.source.HookHeader+" must name the kind of event; nothing was stored")
	case errors.As(err, &refused):
		serve.Fail(w, http.StatusRequestEntityTooLarge, refused.code, refused.reason+"; nothing was stored: send smaller batches")
	case errors.Is(err, errUnreadable): // most likely the sender disconnected or is slow
		serve.TryLater(w, http.StatusServiceUnavailable, "Unreadable", "the body ended early: send it again")
	default:
		tryLater(w, err)
	}
}

// tryLater responds to a delivery that failed through no fault of the sender, and asks the
// sender to send it again later.
func tryLater(w http.ResponseWriter, err error) {
	if errors.Is(err, errBusy) {
		serve.TryLater(w, http.StatusTooManyRequests, "Busy", "too much is waiting to be stored: send this again later")
		return
	}
	Unavailable(w, err)
}

// Unavailable responds with 503 to a delivery that could not be stored because of err. The code in the
// response shows whether an operator must repair the configuration before the sender tries again.
func Unavailable(w http.ResponseWriter, err error) {
	code, remedy := objstore.Refusal(err)
	switch {
	case code != "":
		serve.TryLater(w, http.StatusServiceUnavailable, code, "the events could not be stored, because "+remedy)
	case errors.Is(err, layout.ErrConflict):
		serve.TryLater(w, http.StatusServiceUnavailable, "LayoutMismatch", "the recorder is configured for another number of shards than the bucket, or the bucket has two layout markers: repair it as the recorder's log says, then send this again")
	default:
		serve.TryLater(w, http.StatusServiceUnavailable, "StoreUnavailable", "the events could not be stored: send this again later")
	}
}
