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

// simInstance is the instance under which the days of single devices are recorded.
const simInstance = "demo"

// simulation is a simulated device and the range that its link to the page shows.
type simulation struct {
	name     string
	events   []event.Event
	from, to time.Time
}

// showDays records the simulated devices and prints a link to the page for each of them.
func showDays(ctx context.Context, api traceAPI, webhookToken string) error {
	now := time.Now().UTC()
	for _, group := range []struct {
		title   string
		devices []simulation
	}{
		{"A simulated device for each cause, yesterday:", causes(now)},
		{"A simulated device whose trouble began five days ago:", []simulation{troubled(now)}},
		{"A simulated device that connected 20 days ago and has been silent since:", []simulation{silent(now)}},
	} {
		fmt.Println("\n" + group.title)
		for _, device := range group.devices {
			if err := device.show(ctx, api, webhookToken); err != nil {
				return fmt.Errorf("record simulated device %q: %w", device.name, err)
			}
		}
	}
	return nil
}

// show records the device's events and prints the link.
func (s simulation) show(ctx context.Context, api traceAPI, webhookToken string) error {
	if err := record(ctx, api.base, webhookToken, simInstance, s.events); err != nil {
		return err
	}
	link := api.page(simInstance, string(s.events[0].ClientID), s.from, s.to)
	fmt.Printf("  %-18s %4d events  %s\n", s.name, len(s.events), link)
	return nil
}

// causes returns a device for each cause in sim.Causes, with a day of events dated yesterday.
func causes(now time.Time) (devices []simulation) {
	day := startOfDay(now).AddDate(0, 0, -1)
	for seed, cause := range sim.Causes {
		events := sim.Device(cause, uint64(seed)+1, day)
		devices = append(devices, simulation{string(cause), events, day, day.Add(24*time.Hour - time.Millisecond)})
	}
	return devices
}

// record sends all events of an instance in one request.
func record(ctx context.Context, base, token string, instance event.InstanceID, events []event.Event) error {
	body, err := ownform.Encode(events)
	if err != nil {
		return err
	}
	_, err = send(ctx, http.MethodPost, base+"/webhooks/"+broker.Events+"/"+string(instance), token, bytes.NewReader(body))
	return err
}

func startOfDay(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }
