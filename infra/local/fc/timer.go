package fc

import (
	"context"
	"fmt"
	"time"

	"devicetrace/infra/local/syaml"
)

// TimerPayload returns the event that a timer passes to its function when the timer fires at time
// t.
func TimerPayload(trigger syaml.Trigger, t time.Time) []byte {
	return mustEncode(map[string]string{
		"triggerTime": t.UTC().Format(time.RFC3339),
		"triggerName": trigger.Name,
		"payload":     trigger.Config.Payload,
	})
}

// StartTimers starts the functions' timers, which run until Stop is called. When a timer fires, it
// calls its function asynchronously, so calls may overlap, and failed calls are retried.
func (h *Host) StartTimers() error {
	for _, p := range h.pools {
		for _, trigger := range p.function.Triggers {
			if trigger.Type != "timer" || !trigger.Config.Enable {
				continue
			}
			schedule, err := syaml.ParseSchedule(trigger.Config.Schedule)
			if err != nil {
				return fmt.Errorf("start timer %q: %w", trigger.Name, err)
			}
			h.background(func() {
				tick(h.stopping, schedule, func(at time.Time) { h.invokeAsync(p, TimerPayload(trigger, at)) })
			})
		}
	}
	return nil
}

// tick calls fire at each time in the schedule until ctx is done.
func tick(ctx context.Context, schedule syaml.Schedule, fire func(at time.Time)) {
	for at := schedule.Next(time.Now()); !at.IsZero(); at = schedule.Next(time.Now()) {
		select {
		case <-time.After(time.Until(at)):
			fire(at)
		case <-ctx.Done():
			return
		}
	}
}
