package main

import (
	"context"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
)

// summarySizes holds the size, in bytes, of each kind of summary in a bucket.
type summarySizes struct{ minutes, drops, devices int64 }

func (s summarySizes) all() int64 { return s.minutes + s.drops + s.devices }

// sizesOfSummaries returns the total size of the summaries of all segments.
func sizesOfSummaries(ctx context.Context, store objstore.Lister) (s summarySizes, err error) {
	objects, err := objstore.All(ctx, store, layout.EventsPrefix, "")
	if err != nil {
		return s, err
	}
	for _, segment := range layout.Segments(objects) {
		s.minutes += segment.Name.MinutesLength
		s.drops += segment.Name.DropsLength
		s.devices += segment.Name.DevicesLength
	}
	return s, nil
}

// reportSummaries adds the sizes of the summaries, in percent of the size of the events. devices is
// the number of devices with events on the day.
func (d *fleetDay) reportSummaries(found *results, devices int64) {
	percent := func(size int64) float64 { return 100 * float64(size) / float64(d.withoutSummaries()) }
	found.add(d.name(), percent(d.summed.minutes), "%-minutes")
	found.add(d.name(), percent(d.summed.minutes+d.summed.drops), "%-minutes-and-drops")
	found.add(d.name(), percent(d.summed.all()), "%-summaries")
	found.add(d.name(), float64(d.summed.devices)/float64(devices), "devices-B/device")
}
