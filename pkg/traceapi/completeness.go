package traceapi

import (
	"fmt"
	"net/http"

	"devicetrace/pkg/query"
)

// completeness is the part of a response that says how far its numbers can be trusted.
type completeness struct {
	// Exact means that all numbers are exact. Otherwise, AtMostTwice is the maximum number of events
	// that are counted twice.
	Exact       bool  `json:"exact"`
	AtMostTwice int64 `json:"at_most_twice"`
	// Shards says how many shards are counted. NotCounted lists the objects of these shards that
	// are not counted.
	Shards     shardCount         `json:"shards"`
	NotCounted []query.Unreadable `json:"not_counted"`
}

// shardCount says how many shards are counted, and how many the bucket has.
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

// and returns a completeness that holds for the numbers of both results. No number of either result
// is too high by more than AtMostTwice.
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
