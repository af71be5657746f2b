package diagnose

import (
	"time"

	"devicetrace/pkg/history"
)

// input is what rules look at: a history, and what several rules derive from it.
type input struct {
	history.History
	cluster []*history.Connection // see sameLength
}

func newInput(h history.History) *input { return &input{h, sameLength(h.Connections)} }

// last returns the newest known connection, which may have ended before the span, or nil.
func (in *input) last() *history.Connection { return in.Status.Connection }

// offlineFor returns how long the client has been offline at the end of the span.
func (in *input) offlineFor() time.Duration {
	if in.Status.State != history.Offline {
		return 0
	}
	return in.Span.To.Sub(in.Status.Since.Time)
}
