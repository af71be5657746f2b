package openapi

import (
	"context"
	"fmt"

	"devicetrace/pkg/event"
)

// maxBatch is the maximum number of client identifiers in one request.
const maxBatch = 10

// sessionResponse is the body of QuerySessionByClientId.
type sessionResponse struct {
	identified
	OnlineStatus bool
}

func (h *handler) querySessionByClientID(ctx context.Context, instanceID event.InstanceID, p parameters) (response, error) {
	clientID, err := p.clientID("ClientId")
	if err != nil {
		return nil, err
	}
	online, err := h.online(ctx, instanceID, []event.ClientID{clientID})
	if err != nil {
		return nil, err
	}
	return &sessionResponse{OnlineStatus: online[0]}, nil
}

// sessionsResponse is the body of BatchQuerySessionByClientIds. OnlineStatusList has the same order
// as the client identifiers in the request.
type sessionsResponse struct {
	identified
	OnlineStatusList []onlineStatus
}

type onlineStatus struct {
	ClientID     event.ClientID `json:"ClientId"`
	OnlineStatus bool
}

func (h *handler) batchQuerySessionByClientIDs(ctx context.Context, instanceID event.InstanceID, p parameters) (response, error) {
	clientIDs, err := p.clientIDs(maxBatch)
	if err != nil {
		return nil, err
	}
	online, err := h.online(ctx, instanceID, clientIDs)
	if err != nil {
		return nil, err
	}
	result := &sessionsResponse{OnlineStatusList: make([]onlineStatus, len(clientIDs))}
	for i, clientID := range clientIDs {
		result.OnlineStatusList[i] = onlineStatus{clientID, online[i]}
	}
	return result, nil
}

func (h *handler) online(ctx context.Context, instanceID event.InstanceID, clientIDs []event.ClientID) ([]bool, error) {
	online, err := h.backend.Online(ctx, instanceID, clientIDs)
	if err == nil && len(online) != len(clientIDs) {
		panic(fmt.Sprintf("the backend returned %d statuses for %d clients", len(online), len(clientIDs)))
	}
	return online, err
}
