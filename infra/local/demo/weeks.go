package main

import (
	"slices"
	"time"

	"devicetrace/infra/local/sim"
	"devicetrace/pkg/event"
)

const (
	troubledDays = 14 // the number of days on which the troubled device has events, including today
	troubleAge   = 5  // how many days ago its trouble began
	silentAge    = 20 // how many days ago the silent device connected
	weeksSeed    = 7  // makes a device with a clear verdict on each day of its trouble
)

// troubled returns a device with two weeks of events up to now. Its radio became flaky five days ago.
func troubled(now time.Time) simulation {
	first := startOfDay(now).AddDate(0, 0, 1-troubledDays)
	events := sim.Onset(sim.FlakyRadio, weeksSeed, first, troubledDays, troubledDays-1-troubleAge)
	events = slices.DeleteFunc(events, func(e event.Event) bool { return e.Time.After(now) })
	return lastDay(string(sim.FlakyRadio), events, now)
}

// silent returns a device that connected 20 days ago, and whose broker has reported nothing since.
func silent(now time.Time) simulation {
	first := startOfDay(now).AddDate(0, 0, -silentAge)
	return lastDay("silent", sim.Onset(sim.Healthy, weeksSeed, first, 1, 1)[:1], now)
}

// lastDay returns a simulation whose link shows the last 24 hours. The client identifier gets the
// date as a suffix. Otherwise, the events of another day's demo would belong to the same device.
func lastDay(name string, events []event.Event, now time.Time) simulation {
	for i := range events {
		events[i].ClientID += event.ClientID(now.Format("-2006-01-02"))
	}
	return simulation{name, events, now.Add(-24 * time.Hour), now}
}
