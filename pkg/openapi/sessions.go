package openapi

import (
	"context"
	"fmt"

	"devicetrace/pkg/event"
)

// mostBatch is the most client identifiers of one request.
const mostBatch = 10

// sessionReply answers QuerySessionByClientId.
type sessionReply struct {
	identified
	OnlineStatus bool
}

func (h *handler) querySessionByClientID(ctx context.Context, instanceID event.InstanceID, p parameters) (reply, error) {
	clientID, err := p.clientID("ClientId")
	if err != nil {
		return nil, err
	}
	online, err := h.online(ctx, instanceID, []event.ClientID{clientID})
	if err != nil {
		return nil, err
	}
	return &sessionReply{OnlineStatus: online[0]}, nil
}

// sessionsReply answers BatchQuerySessionByClientIds, in the order asked.
type sessionsReply struct {
	identified
	OnlineStatusList []onlineStatus
}

type onlineStatus struct {
	ClientID     event.ClientID `json:"ClientId"`
	OnlineStatus bool
}

func (h *handler) batchQuerySessionByClientIDs(ctx context.Context, instanceID event.InstanceID, p parameters) (reply, error) {
	clientIDs, err := p.clientIDs(mostBatch)
	if err != nil {
		return nil, err
	}
	online, err := h.online(ctx, instanceID, clientIDs)
	if err != nil {
		return nil, err
	}
	answer := &sessionsReply{OnlineStatusList: make([]onlineStatus, len(clientIDs))}
	for i, clientID := range clientIDs {
		answer.OnlineStatusList[i] = onlineStatus{clientID, online[i]}
	}
	return answer, nil
}

func (h *handler) online(ctx context.Context, instanceID event.InstanceID, clientIDs []event.ClientID) ([]bool, error) {
	online, err := h.backend.Online(ctx, instanceID, clientIDs)
	if err == nil && len(online) != len(clientIDs) {
		panic(fmt.Sprintf("the backend told of %d clients, asked about %d", len(online), len(clientIDs)))
	}
	return online, err
}
