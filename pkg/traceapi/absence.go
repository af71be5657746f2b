package traceapi

import (
	"context"
	"net/http"
	"slices"

	"devicetrace/pkg/event"
	"devicetrace/pkg/query"
)

// absence is the part of a response that says that the instance has no events. A response about an
// instance with events omits it.
type absence struct {
	InstanceKnown bool `json:"instance_known"` // always false
	// Instances lists up to maxSuggested instances that have events and that the token covers.
	// MoreInstances means that there are more.
	Instances     []event.InstanceID `json:"instances"`
	MoreInstances bool               `json:"more_instances,omitempty"`
	// BucketEmpty means that no recorder has used the bucket yet: it has no layout marker.
	BucketEmpty bool `json:"bucket_empty,omitempty"`
}

// maxSuggested is the maximum number of instances that an absence lists. If the token covers all
// instances, finding them takes one request.
const maxSuggested = 100

// absenceOf returns the absence of an instance, or nil if the instance has events. result comes
// from a trace of the instance. absenceOf adds the cost of its own requests to result.
//
// If the trace found a segment, absenceOf makes no request. Otherwise, it makes one request to find
// out whether the instance has segments at all. If the instance has none, absenceOf also looks for
// other instances.
func (a api) absenceOf(ctx context.Context, may permission, id event.InstanceID, result *query.Result) (*absence, error) {
	if !result.NoSegments {
		return nil, nil
	}
	self, err := a.directory.InstancesAmong(ctx, []event.InstanceID{id})
	if err != nil {
		return nil, err
	}
	addCost(result, self)
	if len(self.IDs) > 0 {
		return nil, noMarker(result)
	}
	others, err := a.visible(ctx, may, maxSuggested, id)
	if err != nil {
		return nil, err
	}
	addCost(result, others)
	if len(others.IDs) > 0 && result.NoLayout {
		return nil, noMarker(result)
	}
	shown := others.IDs[:min(len(others.IDs), maxSuggested)]
	return &absence{
		Instances: orEmpty(shown), MoreInstances: others.More || len(shown) < len(others.IDs), BucketEmpty: result.NoLayout,
	}, nil
}

// noMarker returns query.ErrNoMarker if result says that the layout marker is missing. Callers must
// know that the bucket has segments. Without the marker, a trace cannot find these segments, so the
// response would wrongly state that there are no events.
func noMarker(result *query.Result) error {
	if result.NoLayout {
		return query.ErrNoMarker
	}
	return nil
}

// addCost adds the cost of a search for instances to a result. If the result lists steps, addCost
// also adds the steps of the search.
func addCost(result *query.Result, found query.Instances) {
	if result.Steps != nil {
		for _, step := range found.Steps {
			step.AtMS += result.Receipt.MS
			result.Steps = append(result.Steps, step)
		}
	}
	result.Receipt = result.Receipt.Plus(found.Receipt)
}

// header sets the headers that state the absence in CSV and NDJSON responses. If a is nil, it sets
// none.
func (a *absence) header(header http.Header) {
	if a == nil {
		return
	}
	header.Set("X-Instance-Known", "false")
	if a.BucketEmpty {
		header.Set("X-Bucket-Empty", "true")
	}
}

// without returns a copy of the list that omits one instance.
func without(list []event.InstanceID, one event.InstanceID) []event.InstanceID {
	return slices.DeleteFunc(slices.Clone(list), func(id event.InstanceID) bool { return id == one })
}
