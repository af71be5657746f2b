package traceapi

import (
	"context"
	"net/http"

	"devicetrace/pkg/event"
	"devicetrace/pkg/query"
)

// directory finds the instances that have events. *query.Reader implements it.
type directory interface {
	Instances(ctx context.Context, limit int) (query.Instances, error)
	InstancesAmong(ctx context.Context, ids []event.InstanceID) (query.Instances, error)
}

const instancesPath = "/api/v1/instances"

// maxInstances is the maximum number of instances that a response lists. A full list takes at most
// eleven requests to the store. The last request finds out whether there are more instances. The
// response has at most 1.4 MB, because an identifier has at most 128 bytes.
const maxInstances = 10_000

// smallList is the number of instances up to which a list is a small response; see smallBytes.
const smallList = 1000

// instancesResponse is the body of GET /api/v1/instances.
type instancesResponse struct {
	Instances []event.InstanceID `json:"instances"`
	// More means that the response does not include all instances.
	More    bool          `json:"more,omitempty"`
	Receipt query.Receipt `json:"receipt"`
}

// listInstances returns a response with the instances that have events and that the token covers.
func (a api) listInstances(r *http.Request, may permission, large *slot) (response, error) {
	if _, err := parseValues(r.URL.RawQuery, nil); err != nil {
		return nil, err
	}
	found, err := a.visible(r.Context(), may, maxInstances, "")
	if err != nil {
		return nil, err
	}
	if len(found.IDs) > smallList {
		if err := large.await(r.Context()); err != nil {
			return nil, err
		}
	}
	return jsonResponse(instancesResponse{Instances: orEmpty(found.IDs), More: found.More, Receipt: found.Receipt}), nil
}

// visible returns the instances that have events and that the token covers. If the token covers all
// instances, visible returns at most limit of them. Otherwise, it makes one request for each of the
// token's instances, except for absent, which is known to have no events. So neither the response
// nor its cost depends on instances that the token does not cover.
func (a api) visible(ctx context.Context, may permission, limit int, absent event.InstanceID) (query.Instances, error) {
	named, all := may.grant.Instances()
	if all {
		return a.directory.Instances(ctx, limit)
	}
	return a.directory.InstancesAmong(ctx, without(named, absent))
}

// orEmpty returns the list, or an empty list instead of nil, because JSON would show nil as null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
