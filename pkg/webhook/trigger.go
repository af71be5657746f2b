package webhook

import (
	"context"

	"devicetrace/pkg/broker"
)

// Event makes the payload of a RocketMQ or EventBridge trigger of Function Compute durable.
// The payload holds client status notifications of ApsaraMQ for MQTT. Event needs no token,
// because only the platform calls it. After an error the platform delivers the payload again.
// Input that cannot be decoded is quarantined and is not an error, because another delivery
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
