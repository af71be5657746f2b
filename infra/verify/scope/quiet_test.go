package scope_test

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/fleet"
)

// ordinary lists fleets without incidents, with the number of devices to ask about. The total is
// more than 10,000. The numbers are low for the largest fleets, because each answer about them
// takes the most time.
var ordinary = []struct {
	habits
	asked int
}{
	{habits{devices: 10, nodes: 2, drops: 5}, 10},
	{habits{devices: 100, nodes: 3, drops: 5, flappy: 2}, 98},
	{habits{devices: 100, nodes: 1, drops: 20, morning: true}, 100},
	{habits{devices: 1000, nodes: 3, drops: 2, morning: true, flappy: 5}, 995},
	{habits{devices: 1000, nodes: 3, drops: 1, hourly: 0.05, precision: time.Second}, 1000},
	{habits{devices: 1000, drops: 3, hourly: 0.02, precision: time.Minute}, 1000},
	{habits{devices: 2000, nodes: 4, drops: 1, hourly: 0.05, morning: true, wordless: true}, 2000},
	{habits{devices: 2000, nodes: 2, drops: 1, nat: true, received: true, morning: true}, 2000},
	{habits{devices: 5000, nodes: 5, drops: 1, stamp: 10 * time.Second}, 2500},
	{habits{devices: 10_000, nodes: 8, drops: 1, hourly: 0.03, morning: true, flappy: 20}, 500},
	{habits{devices: 30_000, nodes: 16, drops: 1, morning: true}, 300},
}

// Ordinary drops of healthy devices must rarely look like an incident. The test asks about each of
// these drops.
func TestOrdinaryDropsAreNotAnIncident(t *testing.T) {
	t.Parallel()
	var mutex sync.Mutex
	days, named := 0, map[fleet.Kind]int{}
	t.Run("fleets", func(t *testing.T) {
		for seed, o := range ordinary {
			if o.devices*everyNth > 100_000 {
				continue
			}
			t.Run(strconv.Itoa(seed), func(t *testing.T) {
				t.Parallel()
				w := newWorld(o.habits, uint64(seed))
				w.live()
				r := w.record(false)
				for i := range o.asked / everyNth {
					kinds := r.kinds(o.flappy + i*(o.devices-o.flappy)*everyNth/o.asked)
					mutex.Lock()
					days++
					for k := range kinds {
						named[k]++
					}
					mutex.Unlock()
				}
			})
		}
	})
	t.Logf("%d device-days; with these scopes: %v", days, named)
	require.LessOrEqual(t, named[fleet.Fleet], days/1000)
	require.LessOrEqual(t, named[fleet.ByNode]+named[fleet.ByNetwork]+named[fleet.ByReason], days/200)
}

// kinds returns the kinds of scope of a device's drops on the second day.
func (r *record) kinds(device int) map[fleet.Kind]bool {
	kinds := map[fleet.Kind]bool{}
	for _, e := range r.of(device) {
		if isOf(fleet.Drops, e) && e.time >= day.UnixMilli() {
			kinds[r.ask(fleet.Drops, device, e.time, e.node).Kind] = true
		}
	}
	return kinds
}
