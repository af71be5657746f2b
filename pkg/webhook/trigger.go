package webhook

import (
	"context"

	"devicetrace/pkg/broker"
)

// Event makes the payload of a trigger durable: a RocketMQ or EventBridge trigger of
// Function Compute, which carries the client status notifications of ApsaraMQ for MQTT. The
// platform calls it, so it asks for no token. After an error the platform delivers the
// payload again. Input that nobody understands is quarantined and no error, since another
// delivery would not help.
func (h *Handler) Event(ctx context.Context, payload []byte) error {
	d := newDelivery(triggerRoute, h.config.TriggerInstance, h.config.Now().UTC(), payload)
	batch, err := h.decode(d)
	if err != nil {
		return err
	}
	if err := h.record(ctx, batch.Events); err != nil {
		return err
	}
	return h.quarantine(ctx, d, batch.Rejected)
}

// triggerRoute is the source of what triggers deliver.
const triggerRoute = broker.ApsaraMQ
