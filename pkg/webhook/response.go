package webhook

import (
	"errors"
	"log/slog"
	"net/http"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/record"
	"devicetrace/pkg/serve"
)

// acceptance says that all of a body is durable.
type acceptance struct {
	Recorded int `json:"recorded"`
}

// rejection says what could not be understood. The rest is durable.
type rejection struct {
	Recorded int               `json:"recorded"`
	Rejected []broker.Rejected `json:"rejected"`
	// More counts the rejected items that the list leaves out; quarantine has all.
	More int `json:"more_rejected,omitempty"`
}

// maxRejectedBytes bounds the list in an answer, about, in bytes.
const maxRejectedBytes = 12 << 10

// rejectedOverhead is what an item costs in the list beside its texts, in bytes.
const rejectedOverhead = 48

func newRejection(batch broker.Batch) rejection {
	answer := rejection{Recorded: len(batch.Events), Rejected: []broker.Rejected{}}
	size := 0
	for _, one := range batch.Rejected {
		size += rejectedOverhead + len(one.Field) + len(one.Error)
		if size > maxRejectedBytes && len(answer.Rejected) > 0 {
			break
		}
		answer.Rejected = append(answer.Rejected, one)
	}
	answer.More = len(batch.Rejected) - len(answer.Rejected)
	return answer
}

// refuse answers a delivery that is not durable. Brokers send again on 429 and 503
// only.
func refuse(w http.ResponseWriter, r *http.Request, to address, err error) {
	slog.ErrorContext(r.Context(), "not recorded", "route", to.route, "instance", to.instance, "error", err.Error())
	switch {
	case errors.Is(err, errUnauthorised): // most brokers take that for final: the line in the log is all there is
		unauthorised(w, to)
	case errors.Is(err, errForbidden):
		serve.Forbidden(w)
	case errors.Is(err, errNoHook):
		serve.Fail(w, http.StatusBadRequest, "InvalidHook", "the header vernemq-hook must say what the body reports; nothing was kept")
	case errors.Is(err, errTooLarge):
		serve.Fail(w, http.StatusRequestEntityTooLarge, "TooLarge", "a body may be up to 8 MiB long, also when unpacked: send smaller batches")
	case errors.Is(err, errUnreadable): // the sender went away, most likely, or is slow
		serve.TryLater(w, http.StatusServiceUnavailable, "Unreadable", "the body ended early: send this again")
	default:
		tryLater(w, err)
	}
}

// tryLater answers when the fault is ours or the store's.
func tryLater(w http.ResponseWriter, err error) {
	switch {
	case errors.Is(err, record.ErrBusy):
		serve.TryLater(w, http.StatusTooManyRequests, "Busy", "too much is waiting to be stored: send this again later")
	case errors.Is(err, layout.ErrConflict):
		serve.TryLater(w, http.StatusServiceUnavailable, "LayoutMismatch", "the bucket was first used with another number of shards than SHARDS says: set it right, then send this again")
	default:
		serve.TryLater(w, http.StatusServiceUnavailable, "StoreUnavailable", "the events could not be stored: send this again later")
	}
}
