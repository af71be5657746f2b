package webhook

import (
	"context"

	"devicetrace/pkg/broker"
)

// Event makes the payload of a Function Compute trigger durable. The payload contains client status
// notifications from ApsaraMQ for MQTT, delivered through RocketMQ or EventBridge. Event needs no
// token, because only the platform calls it. If Event returns an error, the platform redelivers the
// payload. A redelivery cannot help if the payload cannot be decoded or exceeds a limit, so Event
// quarantines such a payload instead of returning an error.
func (h *Handler) Event(ctx context.Context, payload []byte) error {
	d := newDelivery(triggerRoute, h.config.TriggerInstance, h.config.Now().UTC(), payload)
	if err := d.identify(h.config.Random); err != nil {
		return err
	}
	memory := h.budget.part()
	defer memory.release()
	got, err := h.process(ctx, d, memory)
	if err != nil {
		return err
	}
	return h.quarantine(ctx, d, got.rejected)
}

// triggerRoute is the route whose decoder reads the payloads of triggers.
const triggerRoute = broker.ApsaraMQ
