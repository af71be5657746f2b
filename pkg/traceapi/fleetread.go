package traceapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"devicetrace/pkg/query"
)

// counter adds up the events of an instance. query.Reader.Fleet implements it.
type counter func(ctx context.Context, q query.FleetRequest) (query.FleetResult, error)

// fleetTime is the maximum time for a question about a fleet. Such a question can take a lot of CPU
// time, and all other requests wait meanwhile.
const fleetTime = 8 * time.Second

// maxFleets is the maximum number of questions about a fleet that are read and added up at the same
// time. It keeps them from using all memory and CPU time, which questions about a device need, too.
const maxFleets = 2

// errSlow means that a question took longer than fleetTime.
var errSlow = errors.New("the question takes too long")

// timed returns an endpoint that fails with errSlow after fleetTime.
func timed(next endpoint) endpoint {
	return func(r *http.Request, may permission, large *slot) (response, error) {
		ctx, cancel := context.WithTimeout(r.Context(), fleetTime)
		defer cancel()
		respond, err := next(r.WithContext(ctx), may, large)
		if err != nil && r.Context().Err() == nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
			err = fmt.Errorf("%w: %w", errSlow, err)
		}
		return respond, err
	}
}

// inTurn calls read while it holds one of the slots for questions about a fleet. It waits for the slot.
func inTurn[T any](ctx context.Context, a api, read func() (T, error)) (result T, err error) {
	turn := slot{of: a.fleets}
	if err := turn.await(ctx); err != nil {
		return result, err
	}
	defer turn.release()
	return read()
}

// partOf returns the part of a result that an account adds up.
func partOf(result query.FleetResult) query.Result {
	return query.Result{
		Receipt: result.Receipt, Unreadable: result.NotCounted, Steps: result.Steps,
		NoSegments: result.NoSegments, NoLayout: result.NoLayout,
	}
}
