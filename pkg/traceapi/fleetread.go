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
// time, which all other requests would have to wait for.
const fleetTime = 8 * time.Second

// maxFleets is the maximum number of questions about a fleet that are read at the same time. It keeps
// them from using all memory and CPU time, which questions about a device need, too.
const maxFleets = 4

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

// completeness is the part of a response that says how far its numbers can be trusted.
type completeness struct {
	// Exact means that all numbers are exact. Otherwise, AtMostTwice is the maximum number of events
	// that are counted twice.
	Exact       bool  `json:"exact"`
	AtMostTwice int64 `json:"at_most_twice"`
	// Shards says how many shards are counted. NotCounted lists the objects in these shards that are
	// not counted.
	Shards     shardCount         `json:"shards"`
	NotCounted []query.Unreadable `json:"not_counted"`
}

// shardCount is the number of shards that are counted, of all shards of the bucket.
type shardCount struct {
	Counted int `json:"counted"`
	Of      int `json:"of"`
}

// completenessOf returns the completeness of the sums in a result.
func completenessOf(result query.FleetResult) completeness {
	return completeness{
		Exact: result.Exact, AtMostTwice: result.AtMostTwice,
		Shards:     shardCount{result.Shards, result.OfShards},
		NotCounted: shortList(result.NotCounted),
	}
}

// isWhole reports whether every object of every shard is counted.
func (c completeness) isWhole() bool {
	return c.Shards.Counted == c.Shards.Of && len(c.NotCounted) == 0
}

// and returns the completeness of two results together. No number of either result is too high by
// more than AtMostTwice.
func (c completeness) and(other completeness) completeness {
	return completeness{
		Exact: c.Exact && other.Exact, AtMostTwice: max(c.AtMostTwice, other.AtMostTwice),
		Shards:     shardCount{min(c.Shards.Counted, other.Shards.Counted), max(c.Shards.Of, other.Shards.Of)},
		NotCounted: shortList(append(c.NotCounted, other.NotCounted...)),
	}
}

// header sets the headers that state the completeness in a CSV response.
func (c completeness) header(header http.Header) {
	header.Set("X-Exact", fmt.Sprint(c.Exact))
	header.Set("X-At-Most-Twice", fmt.Sprint(c.AtMostTwice))
	header.Set("X-Shards", fmt.Sprintf("%d of %d", c.Shards.Counted, c.Shards.Of))
}

// partOf returns the part of a result that an account adds up.
func partOf(result query.FleetResult) query.Result {
	return query.Result{
		Receipt: result.Receipt, Unreadable: result.NotCounted, Steps: result.Steps,
		NoSegments: result.NoSegments, NoLayout: result.NoLayout,
	}
}
