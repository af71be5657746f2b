package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"time"

	"devicetrace/infra/local/ownform"
	"devicetrace/infra/local/sim"
	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

// simInstance is the instance under which the simulated days are recorded.
const simInstance = "demo"

// showDays simulates one device for each cause in sim.Causes. It records a day of events for each
// device, dated yesterday, and prints a link to the page that shows them.
func showDays(ctx context.Context, api traceAPI, webhookToken string) error {
	day := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -1)
	fmt.Println("\nA simulated device for each cause, yesterday:")
	for seed, cause := range sim.Causes {
		events := sim.Device(cause, uint64(seed)+1, day)
		if err := record(ctx, api.base, webhookToken, events); err != nil {
			return fmt.Errorf("record simulated device %q: %w", cause, err)
		}
		link := api.page(simInstance, string(events[0].ClientID), day, day.Add(24*time.Hour-time.Millisecond))
		fmt.Printf("  %-18s %4d events  %s\n", cause, len(events), link)
	}
	return nil
}

// record sends all events in one request.
func record(ctx context.Context, base, token string, events []event.Event) error {
	body, err := ownform.Encode(events)
	if err != nil {
		return err
	}
	_, err = send(ctx, http.MethodPost, base+"/webhooks/"+broker.Events+"/"+simInstance, token, bytes.NewReader(body))
	return err
}
