package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"slices"
	"time"

	"devicetrace/infra/local/sim"
	"devicetrace/pkg/event"
)

const (
	fleetSeed    = 7
	fleetDevices = 300
	fleetBatch   = 1000          // events per webhook
	shortestDay  = 3 * time.Hour // the least that sim.Fleet needs for its incidents
)

// showFleet records a simulated fleet. It prints a link to the fleet's page, and says what to look
// for there.
func showFleet(ctx context.Context, api traceAPI, webhookToken string, out io.Writer) error {
	config := fleetUntil(time.Now())
	days := sim.Fleet(config)
	for batch := range slices.Chunk(days.Events, fleetBatch) {
		if err := record(ctx, api.base, webhookToken, config.Instance, batch); err != nil {
			return fmt.Errorf("record simulated fleet %q: %w", config.Instance, err)
		}
	}
	fmt.Fprintf(out, "\nA simulated fleet of %d devices with three incidents (times in UTC):\n", config.Devices)
	fmt.Fprintf(out, "  %s\n", api.fleetPage(config.Instance, config.Day))
	for _, i := range days.Incidents {
		fmt.Fprintf(out, "  %s  %s\n", i.At.Format("15:04"), inWords(i))
	}
	return nil
}

// fleetUntil returns the configuration of a fleet whose incidents happen earlier on the current UTC
// day, or yesterday if today is still too short for them. The name of the instance contains the
// time, so that each demo has its own devices. Otherwise, the devices of two demos would have the
// incidents of both.
func fleetUntil(now time.Time) sim.FleetConfig {
	now = now.UTC()
	c := sim.FleetConfig{
		Instance: event.InstanceID(now.Format("fleet-2006-01-02-1504")), Devices: fleetDevices, Seed: fleetSeed,
		Day: startOfDay(now), DaysBefore: 1, Until: now.Truncate(time.Minute),
	}
	if c.Until.Sub(c.Day) < shortestDay {
		c.Day, c.Until = c.Day.AddDate(0, 0, -1), c.Day
	}
	return c
}

// inWords describes an incident and says how many devices it hit.
func inWords(i sim.Incident) string {
	switch i.Kind {
	case sim.NodeRestart:
		return fmt.Sprintf("node %s restarts: %d devices drop within seconds and come back", i.Node, len(i.Devices))
	case sim.NetworkOutage:
		return fmt.Sprintf("network %s is cut off for %.0f minutes: %d devices drop", i.Network, i.Over.Sub(i.At).Minutes(), len(i.Devices))
	default:
		return fmt.Sprintf("group %s gets bad credentials: %d devices are refused for %.0f minutes", i.Group, len(i.Devices), i.Over.Sub(i.At).Minutes())
	}
}

// fleetPage returns a link to the page that shows an instance's fleet on one day. The token is in
// the link's fragment, as in page.
func (a traceAPI) fleetPage(instance event.InstanceID, day time.Time) string {
	q := url.Values{"view": {"fleet"}, "instance": {string(instance)}, "day": {day.Format(time.DateOnly)}}
	return a.base + "/?" + q.Encode() + "#token=" + url.QueryEscape(a.token)
}
