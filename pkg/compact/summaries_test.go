package compact_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/compact"
	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/segment"
	"devicetrace/pkg/summary"
)

// summariesOf returns the name of the partition's only segment, and the sums in its summaries.
func summariesOf(t *testing.T, store *memstore.Store) (layout.Name, *summary.Sums) {
	found := keys(t, store, where)
	require.Len(t, found, 1)
	_, name, err := layout.ParseKey(found[0])
	require.NoError(t, err)
	page, err := store.List(t.Context(), found[0], "")
	require.NoError(t, err)
	size := page.Objects[0].Size
	read := func(r layout.Range) []byte {
		data, err := store.Read(t.Context(), found[0], r.Offset, r.Length)
		require.NoError(t, err)
		return data
	}
	sums, err := summary.DecodeMinutes(read(name.Minutes(size)))
	require.NoError(t, err)
	sums.Vicinities, err = summary.DecodeDrops(read(name.Drops(size)))
	require.NoError(t, err)
	if name.DevicesLength == 0 {
		return name, sums
	}
	devices, err := summary.OpenDevices(read(name.Devices(size)))
	require.NoError(t, err)
	for d, err := range devices.All() {
		require.NoError(t, err)
		sums.Devices = append(sums.Devices, *d)
	}
	return name, sums
}

// The summaries of an output must not count duplicates. They must include the devices only if the
// output will probably last.
func TestOutputsHaveSummaries(t *testing.T) {
	var events []event.Event
	for i := range 400 {
		e := at(fmt.Sprint("c", i%30), i)
		e.Action, e.ActionInfo, e.Node = event.Close, event.NoHeart, fmt.Sprint("n", i%3)
		if i%2 == 0 {
			e.Action, e.ActionInfo = event.Connect, event.Accepted
		}
		events = append(events, e)
	}
	for name, c := range map[string]struct {
		now     time.Time
		devices bool
	}{
		"open":   {noon.Add(time.Hour), false},
		"closed": {later, true},
	} {
		t.Run(name, func(t *testing.T) {
			store := bucket(t)
			for n := range 8 {
				data, err := segment.Encode(segment.FromEvents(events[n*40 : n*40+120])) // the runs overlap
				require.NoError(t, err)
				putBytes(t, store, fresh(n+1, 1).Key(where), data)
			}
			run(t, store, compact.Config{Now: func() time.Time { return c.now }})
			fold := summary.NewFold(c.devices)
			for _, row := range segment.FromEvents(events) {
				fold.Add(&row)
			}
			object, sums := summariesOf(t, store)
			require.Equal(t, c.devices, object.DevicesLength > 0)
			require.Equal(t, fold.Sums(), sums)
		})
	}
}
