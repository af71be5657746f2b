package traceapi

import (
	"context"
	"errors"

	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
	"devicetrace/pkg/openapi"
	"devicetrace/pkg/parallel"
	"devicetrace/pkg/query"
)

// alibaba reads traces and statuses for Alibaba's OpenAPI.
type alibaba struct{ api api }

var _ openapi.Backend = alibaba{}

// maxTotal is the maximum number of rows that Trace counts. The message of openapi.ErrTooMany
// contains this number.
const maxTotal = 300_000

// Trace returns one page of the rows in a range. It reads the whole range, because the
// response includes the total number of rows.
func (b alibaba) Trace(ctx context.Context, request openapi.TraceRequest) (openapi.TracePage, error) {
	s, err := b.api.open(ctx, query.Request{
		InstanceID: request.InstanceID, ClientID: request.ClientID,
		From: request.From, To: request.To, Descending: request.Newest,
	})
	if err != nil {
		return openapi.TracePage{}, err
	}
	defer s.Close()
	var page openapi.TracePage
	for e, err := range s.Events(ctx) {
		if err != nil {
			return openapi.TracePage{}, err
		}
		if page.Total == maxTotal {
			return openapi.TracePage{}, openapi.ErrTooMany
		}
		if n := page.Total - request.Offset; 0 <= n && n < request.Limit {
			page.Rows = append(page.Rows, openapi.Row{
				Time: e.Time, ChannelID: e.Channel(), Action: e.Action, ActionInfo: e.ActionInfo,
			})
		}
		page.Total++
	}
	result := s.Result()
	reportUnreadable(ctx, result)
	page.Incomplete = len(result.Unreadable) > 0
	return page, nil
}

// Online reports for each client whether it is online. It reads the statuses of all clients in
// parallel. A client with an unknown status counts as offline.
func (b alibaba) Online(ctx context.Context, instanceID event.InstanceID, clientIDs []event.ClientID) ([]bool, error) {
	online := make([]bool, len(clientIDs))
	return online, parallel.Do(len(clientIDs), len(clientIDs), func(i int) error {
		state, err := b.state(ctx, device{instanceID, clientIDs[i]})
		online[i] = state == history.Online
		return err
	})
}

func (b alibaba) state(ctx context.Context, d device) (history.State, error) {
	now := b.api.now().UTC()
	var search history.Search
	p, err := b.api.searchStatus(ctx, d, now, latest(now), pastBudget, &search)
	defer p.turn.release()
	switch {
	case err != nil:
		return "", err
	case len(p.unreadable) > 0:
		return "", errIncomplete
	case p.isCut:
		return "", errUnsettled
	default:
		return search.Status().State, nil
	}
}

// Alibaba's responses have no field for a warning. So if a status may be wrong, the response is one
// of these errors instead.
var (
	errIncomplete = errors.New("the device's status is uncertain because objects of its partitions are unreadable")
	errUnsettled  = errors.New("the device's status is uncertain because finding it would take too many events or requests")
)
