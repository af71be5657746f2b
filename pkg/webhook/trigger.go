package webhook

import (
	"context"

	"devicetrace/pkg/quarantine"
)

// apsaraMQ is the route of what triggers deliver, and the instance if none is set.
const apsaraMQ = "apsaramq"

// Event takes what a RocketMQ or EventBridge trigger of Function Compute delivers:
// client status notifications of ApsaraMQ for MQTT. It comes from the platform, so it
// needs no token. An error makes the platform deliver it again; what cannot be
// understood is none, since another delivery would not help.
func (h *Handler) Event(ctx context.Context, payload []byte) error {
	input := quarantine.Item{
		ReceivedAt: h.config.Now().UTC(),
		Route:      apsaraMQ,
		InstanceID: h.config.TriggerInstance,
		Body:       payload,
	}
	batch, err := h.understand(&input)
	if err != nil {
		return err
	}
	return h.keep(ctx, input, batch)
}
