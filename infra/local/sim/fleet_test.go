package sim_test

import (
	"cmp"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/ownform"
	"devicetrace/infra/local/sim"
	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

// fleets are configurations of simulated fleets: whole days, parts of a day, and several days.
var fleets = []sim.FleetConfig{
	{Seed: 1, Day: day},
	{Seed: 2, Day: day, DaysBefore: 1, Until: day.Add(14*time.Hour + 45*time.Minute + 7*time.Second)},
	{Seed: 3, Day: day.Add(5 * time.Hour), Devices: 1000, Instance: "plant", Until: day.Add(3 * time.Hour)},
	{Seed: 4, Day: day, Devices: 40, DaysBefore: 2},
}

func TestFleetIsSoundAndInOrder(t *testing.T) {
	for _, c := range fleets {
		days := sim.Fleet(c)
		require.Equal(t, days, sim.Fleet(c), "repeatable")
		from, until := day.AddDate(0, 0, -c.DaysBefore), day.AddDate(0, 0, 1)
		if !c.Until.IsZero() {
			until = c.Until
		}
		nodes := map[string]bool{}
		for _, e := range days.Events {
			require.False(t, e.Time.Before(from))
			require.True(t, e.Time.Before(until))
			require.NotEmpty(t, e.ActionInfo)
			require.NotEmpty(t, e.Username)
			require.Equal(t, days.Events[0].InstanceID, e.InstanceID)
			nodes[e.Node] = true
		}
		require.Len(t, nodes, 3)
		require.True(t, slices.IsSortedFunc(days.Events, func(a, b event.Event) int { return a.Time.Compare(b.Time) }))
	}
}

// TestIncidentsHitTheirDevices checks that exactly the stated devices have an event that only the
// incident causes.
func TestIncidentsHitTheirDevices(t *testing.T) {
	for _, c := range fleets {
		days := sim.Fleet(c)
		require.Len(t, days.Incidents, 3)
		for _, i := range days.Incidents {
			require.NotEmpty(t, i.Devices)
			require.Less(t, len(i.Devices), len(days.Events)/4)
			require.Equal(t, set(i.Devices), hitBy(t, days, i), "%s, seed %d", i.Kind, c.Seed)
		}
	}
}

// hitBy returns the devices that an incident hit, which have an event with the incident's reason
// while the incident lasts. It checks the node or group of these events, and that none of them
// comes too late.
func hitBy(t *testing.T, days sim.FleetDays, i sim.Incident) map[event.ClientID]bool {
	hit := map[event.ClientID]bool{}
	for _, e := range days.Events {
		if e.ActionInfo != i.Reason || e.Time.Before(i.At) {
			continue
		}
		latest := i.Over
		switch i.Kind {
		case sim.NodeRestart:
			require.Equal(t, i.Node, e.Node)
			latest = i.At.Add(3 * time.Second)
		case sim.NetworkOutage:
			if e.Time.After(i.Over) || !netip.MustParsePrefix(i.Network).Contains(netip.MustParseAddr(e.PeerAddress)) {
				continue
			}
			latest = i.At.Add(e.KeepAlive.Or(0) * 3 / 2)
		case sim.BadRollout:
			require.Equal(t, i.Group, e.GroupID())
		}
		require.False(t, e.Time.After(latest), "%s: %s", i.Kind, e.Time)
		hit[e.ClientID] = true
	}
	return hit
}

func set(devices []event.ClientID) map[event.ClientID]bool {
	s := map[event.ClientID]bool{}
	for _, d := range devices {
		s[d] = true
	}
	return s
}

// While an incident lasts, the devices that it hits must not connect in a way that it prevents.
func TestIncidentsPreventConnects(t *testing.T) {
	for _, c := range fleets {
		days := sim.Fleet(c)
		restart, outage, rollout := days.Incidents[0], days.Incidents[1], days.Incidents[2]
		refused := map[event.ClientID]bool{}
		for _, e := range days.Events {
			during := func(i sim.Incident) bool { return !e.Time.Before(i.At) && e.Time.Before(i.Over) }
			refused[e.ClientID] = refused[e.ClientID] || during(rollout) && e.ActionInfo == rollout.Reason
			if e.Action != event.Connect {
				continue
			}
			require.False(t, during(restart) && e.Node == restart.Node)
			require.False(t, during(outage) && slices.Contains(outage.Devices, e.ClientID))
			require.False(t, during(rollout) && refused[e.ClientID])
		}
	}
}

// Until the incidents begin, the devices must lead an ordinary life.
func TestFleetIsMixed(t *testing.T) {
	days := sim.Fleet(sim.FleetConfig{Seed: 5, Day: day, Devices: 3000})
	require.Len(t, days.Flapping, 30)
	require.Len(t, days.Gone, 40)
	drops, last := map[event.ClientID]int{}, map[event.ClientID]event.Event{}
	networks, hours := map[string]bool{}, [24]int{}
	for _, e := range days.Events {
		last[e.ClientID] = e
		if e.Action == event.Close && e.ActionInfo != event.NotAuthorized {
			drops[e.ClientID]++
		}
		if slices.Contains(days.Flapping, e.ClientID) {
			continue
		}
		networks[netip.PrefixFrom(netip.MustParseAddr(e.PeerAddress), 24).Masked().String()] = true
		hours[e.Time.Hour()]++
	}
	for client, n := range drops {
		require.Equal(t, slices.Contains(days.Flapping, client), n >= 10, "%s: %d drops", client, n)
	}
	for _, client := range days.Gone {
		require.NotEqual(t, event.Connect, last[client].Action)
	}
	require.Len(t, networks, 6)
	require.Greater(t, hours[16], 2*hours[4], "more events in the afternoon than at night: %v", hours)
	require.InDelta(t, 10, float64(len(days.Events))/3000, 1, "events per device")
}

// TestFleetOfOtherSources checks sources that report less. Their fleets must have the same devices
// and incidents.
func TestFleetOfOtherSources(t *testing.T) {
	for source, restartIsReported := range map[string]bool{
		sim.SourceMochi: true, broker.EMQX: false, broker.Mosquitto: false, broker.VerneMQ: false,
	} {
		days := sim.Fleet(sim.FleetConfig{Seed: 6, Day: day, Source: source})
		require.Equal(t, source, days.Events[0].Source)
		require.Equal(t, restartIsReported, days.Incidents[0].Reason != "", source)
		for _, i := range days.Incidents {
			require.NotEmpty(t, i.Devices)
		}
	}
}

// A recorder must store the events exactly as they are simulated.
func TestTheOwnFormKeepsAFleet(t *testing.T) {
	days, received := sim.Fleet(fleets[1]), fleets[1].Until
	body, err := ownform.Encode(days.Events)
	require.NoError(t, err)
	source, ok := broker.Find(broker.Events)
	require.True(t, ok)
	got := source.Decode(body, broker.Meta{InstanceID: "fleet", ReceivedAt: received})
	require.Zero(t, len(got.Rejected))
	require.Len(t, got.Events, len(days.Events))
	for i, e := range days.Events {
		e.ReceivedAt = received
		e.NativeReason = cmp.Or(e.NativeReason, string(e.ActionInfo)) // as the decoder does
		require.Equal(t, e, got.Events[i])
	}
}
