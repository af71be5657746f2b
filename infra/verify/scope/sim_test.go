package scope_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/sim"
	"devicetrace/pkg/event"
	"devicetrace/pkg/fleet"
	"devicetrace/pkg/segment"
	"devicetrace/pkg/summary"
)

// wanted returns the expected scope of each incident in the simulated fleet of the demo.
var wanted = map[sim.IncidentKind]func(*sim.Incident) (fleet.Of, fleet.Kind, string){
	sim.NodeRestart:   func(i *sim.Incident) (fleet.Of, fleet.Kind, string) { return fleet.Drops, fleet.ByNode, i.Node },
	sim.NetworkOutage: func(i *sim.Incident) (fleet.Of, fleet.Kind, string) { return fleet.Drops, fleet.ByNetwork, i.Network },
	sim.BadRollout: func(i *sim.Incident) (fleet.Of, fleet.Kind, string) {
		return fleet.Refusals, fleet.ByReason, string(i.Reason)
	},
}

// The share of right scopes of the demo's incidents must be at least minRight.
func TestIncidentsOfTheDemo(t *testing.T) {
	t.Parallel()
	right, asked := 0, 0
	for seed := range uint64(max(1, 4/everyNth)) {
		days := sim.Fleet(sim.FleetConfig{Seed: seed, Day: day, DaysBefore: 1})
		sums := sumsOf(days.Events)
		for _, i := range days.Incidents {
			of, kind, name := wanted[i.Kind](&i)
			drops := dropsOf(days.Events, of)
			for _, d := range every(10, hitsOf(drops, &i)) {
				s := fleet.ScopeOf(inputOf(sums, of, d, drops))
				asked++
				if s.Kind == kind && s.Name == name {
					right++
				}
			}
		}
	}
	t.Logf("%d of %d answers right", right, asked)
	require.GreaterOrEqual(t, float64(right), minRight*float64(asked))
}

func sumsOf(events []event.Event) *summary.Sums {
	rows := make([]segment.Row, len(events))
	for i := range events {
		rows[i] = segment.FromEvent(&events[i])
	}
	slices.SortFunc(rows, func(a, b segment.Row) int { return a.Compare(&b) })
	fold := summary.NewFold(false)
	for i := range rows {
		fold.Add(&rows[i])
	}
	return fold.Sums()
}

// dropsOf returns the drops or refusals, sorted by time.
func dropsOf(events []event.Event, of fleet.Of) (drops []fleet.Drop) {
	for i := range events {
		r := segment.FromEvent(&events[i])
		kind := summary.KindOf(&r)
		if kind == summary.Drop && of == fleet.Drops || kind == summary.Refusal && of == fleet.Refusals {
			drops = append(drops, fleet.Drop{
				ClientID: r.ClientID, Time: fleet.Instant(r.Time), Node: r.Node, Address: r.PeerAddress,
				Action: r.Action, ActionInfo: r.ActionInfo,
			})
		}
	}
	return drops
}

// hitsOf returns the drops or refusals that an incident caused.
func hitsOf(drops []fleet.Drop, i *sim.Incident) (hits []fleet.Drop) {
	for _, d := range drops {
		isDuring := !d.Time.Time().Before(i.At) && d.Time.Time().Before(i.Over)
		if isDuring && d.ActionInfo == string(i.Reason) && slices.Contains(i.Devices, event.ClientID(d.ClientID)) {
			hits = append(hits, d)
		}
	}
	return hits
}

// inputOf returns the question about a drop. Every second question includes the rows.
func inputOf(sums *summary.Sums, of fleet.Of, d fleet.Drop, drops []fleet.Drop) fleet.ScopeInput {
	in := fleet.ScopeInput{
		At: d.Time.Time(), ClientID: event.ClientID(d.ClientID), Of: of, Own: []fleet.Drop{d},
		Exact: true, Complete: true, Now: day.AddDate(0, 0, 2),
	}
	from, to := summary.MinuteOf(fleet.Since(in.At).UnixMilli()), summary.MinuteOf(fleet.Until(in.At).UnixMilli())
	in.Cells = between(sums.Cells, func(c summary.Cell) summary.Minute { return c.Minute }, from, to)
	in.Vicinities = between(sums.Vicinities, func(v summary.Vicinity) summary.Minute { return v.Minute }, from, to)
	isNear := func(o fleet.Drop) bool { return o.Time.Time().Sub(in.At).Abs() < 5*time.Minute }
	near := slices.DeleteFunc(slices.Clone(drops), func(o fleet.Drop) bool { return !isNear(o) })
	if d.Time%2 == 0 {
		in.Rows = near
		return in
	}
	for _, o := range near {
		if o.ClientID == d.ClientID && o.Time != d.Time {
			in.Own = append(in.Own, o)
		}
	}
	return in
}

// every returns every n-th element.
func every[T any](n int, list []T) (some []T) {
	for i := 0; i < len(list); i += n {
		some = append(some, list[i])
	}
	return some
}
