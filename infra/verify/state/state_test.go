package state_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/sim"
	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
	"devicetrace/pkg/segment"
	"devicetrace/pkg/summary"
)

var day = time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)

// question asks for a device's state after the given events.
type question struct {
	name   string
	events []event.Event
	random *rand.Rand
}

// No state may contradict a status that is certain.
func TestStatesAgreeWithStatuses(t *testing.T) {
	t.Parallel()
	counts, asked, certain, agreed := map[string]int{}, 0, 0, 0
	ask := func(q question) {
		status, device := q.status(), q.device()
		asked++
		if !status.Settled() {
			return
		}
		certain++
		if string(device.State()) == string(status.State) {
			agreed++
			if device.State() != summary.Offline || device.OfflineSince() == status.Since.Time().UnixMilli() {
				return
			}
		}
		kind := fmt.Sprintf("%s is %s, with another time of the end: %t", status.State, device.State(), device.State() == summary.Offline)
		counts[kind]++
		if device.State() != summary.Unknown {
			require.Equal(t, string(status.State), string(device.State()), "%s, after %s", q.name, q.events[len(q.events)-1].Time)
		}
	}
	eachQuestion(ask)
	t.Logf("%d questions; %d statuses are certain, and %d states agree", asked, certain, agreed)
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		t.Logf("%6d times: %s", counts[kind], kind)
	}
	require.Greater(t, certain, asked*9/10)
	require.Greater(t, agreed, certain*98/100)
}

// status returns the status that package history finds.
func (q question) status() history.Status {
	var log history.Log
	for i := range q.events {
		log.Add(&q.events[i])
	}
	return history.StatusAt(&log, q.events[len(q.events)-1].Time)
}

// device returns the device that the events add up to. It divides the events among one to four
// summaries, as if they were in several objects, and merges the summaries in random order.
func (q question) device() summary.Device {
	parts := make([][]segment.Row, 1+q.random.IntN(4))
	for i := range q.events {
		at := q.random.IntN(len(parts))
		parts[at] = append(parts[at], segment.FromEvent(&q.events[i]))
	}
	var device summary.Device
	for _, i := range q.random.Perm(len(parts)) {
		if len(parts[i]) > 0 {
			device.Merge(deviceOf(parts[i]))
		}
	}
	return device
}

func deviceOf(rows []segment.Row) *summary.Device {
	slices.SortFunc(rows, func(a, b segment.Row) int { return a.Compare(&b) })
	fold := summary.NewFold(true)
	for i := range rows {
		fold.Add(&rows[i])
	}
	return &fold.Sums().Devices[0]
}

// seeds is the number of devices for each cause.
const seeds = 20

// eachQuestion asks for the states of simulated devices at several instants.
func eachQuestion(ask func(question)) {
	for _, cause := range sim.Causes {
		for seed := range uint64(seeds) {
			name := fmt.Sprintf("%s %d", cause, seed)
			random := rand.New(rand.NewPCG(seed, 1))
			eachInstant(question{name + ", one day", sim.Device(cause, seed, day), random}, ask)
			eachInstant(question{name + ", two days", sim.Onset(cause, seed, day, 2, 0), random}, ask)
			eachInstant(question{name + ", lossy", lossy(sim.Onset(cause, seed, day, 2, 0), random), random}, ask)
		}
	}
	for _, source := range []string{sim.SourceMochi, broker.EMQX, broker.Mosquitto, broker.VerneMQ} {
		days := sim.Fleet(sim.FleetConfig{Seed: 1, Day: day, DaysBefore: 1, Source: source})
		devices := map[event.ClientID][]event.Event{}
		for _, e := range days.Events {
			devices[e.ClientID] = append(devices[e.ClientID], e)
		}
		for number, id := range slices.Sorted(maps.Keys(devices)) {
			random := rand.New(rand.NewPCG(uint64(number), 2))
			eachInstant(question{source + " " + string(id), devices[id], random}, ask)
		}
	}
}

// lossy removes one event in ten.
func lossy(events []event.Event, random *rand.Rand) []event.Event {
	return slices.DeleteFunc(events, func(event.Event) bool { return random.IntN(10) == 0 })
}

// eachInstant asks for the state after each day, after some of the events, and after all of them.
func eachInstant(q question, ask func(question)) {
	if len(q.events) == 0 {
		return
	}
	slices.SortFunc(q.events, func(a, b event.Event) int { return event.Compare(&a, &b) })
	instants := []time.Time{day.AddDate(0, 0, 1).Add(-time.Millisecond), q.events[len(q.events)-1].Time}
	for range 6 {
		instants = append(instants, q.events[q.random.IntN(len(q.events))].Time)
	}
	for _, at := range instants {
		until, _ := slices.BinarySearchFunc(q.events, at.Add(time.Millisecond), func(e event.Event, t time.Time) int { return e.Time.Compare(t) })
		if until > 0 {
			ask(question{q.name, q.events[:until], q.random})
		}
	}
}
