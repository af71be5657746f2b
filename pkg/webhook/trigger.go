package webhook

import (
	"context"

	"devicetrace/pkg/broker"
)

// Event accepts the payload of a Function Compute trigger, from RocketMQ or EventBridge, and makes
// it durable. The payload contains client status notifications from ApsaraMQ for MQTT. Event needs
// no token, because only the platform calls it. After an error the platform delivers the payload
// again. Input that cannot be decoded is quarantined and is not an error, because another delivery
// would not help.
func (h *Handler) Event(ctx context.Context, payload []byte) error {
	d := newDelivery(triggerRoute, h.config.TriggerInstance, h.config.Now().UTC(), payload)
	batch, err := h.decode(d)
	if err != nil {
		return err
	}
	return h.keep(ctx, d, batch)
}

// triggerRoute is the route whose decoder reads the payloads of triggers.
const triggerRoute = broker.ApsaraMQ
