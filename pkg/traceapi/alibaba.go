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

// alibaba answers the operations of Alibaba's OpenAPI.
type alibaba struct{ api api }

var _ openapi.Backend = alibaba{}

// Trace reads the whole span, since the answer tells how many rows there are, and
// cuts the page out of it.
func (b alibaba) Trace(ctx context.Context, asked openapi.TraceRequest) (openapi.TracePage, error) {
	found, err := b.api.reader.Trace(ctx, query.Request{
		InstanceID: asked.InstanceID, ClientID: asked.ClientID,
		From: asked.From, To: asked.To, Descending: asked.Newest,
	})
	if errors.Is(err, query.ErrTooMany) {
		err = openapi.ErrTooMany
	}
	if err != nil {
		return openapi.TracePage{}, err
	}
	reportUnreadable(ctx, found)
	page := openapi.TracePage{Total: len(found.Events), Incomplete: len(found.Unreadable) > 0}
	first := min(asked.Offset, len(found.Events))
	last := min(first+asked.Limit, len(found.Events))
	for i := range found.Events[first:last] {
		e := &found.Events[first+i]
		page.Rows = append(page.Rows, openapi.Row{
			Time: e.Time, ChannelID: e.Channel(), Action: e.Action, ActionInfo: e.ActionInfo,
		})
	}
	return page, nil
}

// Online asks for all clients at once. Unknown is false.
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
	h, err := b.api.history(ctx, d, now, latest(now))
	if err != nil {
		return "", err
	}
	status, err := h.statusAt(ctx, latest(now))
	if err == nil && len(h.unreadable) > 0 {
		err = errIncomplete
	}
	return status.State, err
}

// errIncomplete: their answer has no place to say that it may be wrong.
var errIncomplete = errors.New("objects of the device's partitions are unreadable, so that its status is not sure")
