package webhook

import (
	"context"

	"devicetrace/pkg/broker"
)

// Event makes the payload of a Function Compute trigger durable. The payload contains client status
// notifications from ApsaraMQ for MQTT, and comes through RocketMQ or EventBridge. Event needs no
// token, because only the platform calls it. If Event returns an error, the platform delivers the
// payload again. Another delivery would not help if the input cannot be decoded. Event therefore
// quarantines such input and returns no error for it.
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
