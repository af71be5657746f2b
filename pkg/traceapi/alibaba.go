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

// Trace returns one page of the rows in a range. It reads the whole range, because the
// response includes the total number of rows.
func (b alibaba) Trace(ctx context.Context, request openapi.TraceRequest) (openapi.TracePage, error) {
	found, err := b.api.reader.Trace(ctx, query.Request{
		InstanceID: request.InstanceID, ClientID: request.ClientID,
		From: request.From, To: request.To, Descending: request.Newest,
	})
	if errors.Is(err, query.ErrTooMany) {
		err = openapi.ErrTooMany
	}
	if err != nil {
		return openapi.TracePage{}, err
	}
	reportUnreadable(ctx, found)
	page := openapi.TracePage{Total: len(found.Events), Incomplete: len(found.Unreadable) > 0}
	first := min(request.Offset, len(found.Events))
	last := min(first+request.Limit, len(found.Events))
	for i := range found.Events[first:last] {
		e := &found.Events[first+i]
		page.Rows = append(page.Rows, openapi.Row{
			Time: e.Time, ChannelID: e.Channel(), Action: e.Action, ActionInfo: e.ActionInfo,
		})
	}
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
	p, err := b.api.readPast(ctx, d, now, latest(now))
	if err != nil {
		return "", err
	}
	status, err := p.statusAt(ctx, latest(now))
	if err == nil && len(p.unreadable) > 0 {
		err = errIncomplete
	}
	return status.State, err
}

// errIncomplete is returned instead of a status that may be wrong, because Alibaba's response
// has no field for a warning.
var errIncomplete = errors.New("the device's status is uncertain because objects of its partitions are unreadable")
