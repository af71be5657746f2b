package sim_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/sim"
	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

var day = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// sound checks the requirements that every simulated event must meet.
func sound(t *testing.T, e *event.Event) {
	t.Helper()
	require.NotEmpty(t, e.InstanceID)
	require.NotEmpty(t, e.ClientID)
	require.True(t, e.Action.Valid())
	require.Contains(t, append(event.ActionInfos(), event.Unexplained), e.ActionInfo)
	require.NotEmpty(t, e.Source)
	require.NotEmpty(t, e.NativeEvent)
	require.False(t, e.Time.Before(day))
	require.True(t, e.Time.Before(day.AddDate(0, 0, 1)))
	require.Equal(t, e.Time, e.Time.UTC().Truncate(time.Millisecond))
	require.False(t, e.ReceivedAt.Before(e.Time))
	require.True(t, e.ConnectedAt.IsZero() || !e.ConnectedAt.After(e.Time))
	require.True(t, e.PeerAddress != "" || e.PeerPort == 0)
}

func TestEveryEventIsSound(t *testing.T) {
	for _, cause := range sim.Causes {
		sources := map[string]bool{}
		for seed := range uint64(20) {
			events := sim.Device(cause, seed, day.Add(15*time.Hour))
			for i := range events {
				sound(t, &events[i])
				require.Equal(t, events[0].ClientID, events[i].ClientID)
				require.Equal(t, events[0].InstanceID, events[i].InstanceID)
				sources[events[i].Source] = true
			}
		}
		require.Greater(t, len(sources), 1, "%s happens with several sources", cause)
	}
}

func TestTheSameSeedMakesTheSameEvents(t *testing.T) {
	for _, cause := range sim.Causes {
		require.Equal(t, sim.Device(cause, 7, day), sim.Device(cause, 7, day))
		require.NotEqual(t, sim.Device(cause, 7, day), sim.Device(cause, 8, day))
	}
	config := sim.Config{Seed: 7, Day: day, Devices: 100}
	require.Equal(t, slices.Collect(sim.Day(config)), slices.Collect(sim.Day(config)))
}

// Events must not have fields that their source cannot report.
func TestEventsHaveTheFieldsOfTheirSource(t *testing.T) {
	for _, cause := range sim.Causes {
		for seed := range uint64(20) {
			for _, e := range sim.Device(cause, seed, day) {
				switch e.Source {
				case broker.VerneMQ:
					require.Equal(t, event.FromReceiver, e.TimeOrigin)
					require.Equal(t, e.Action != event.Connect, e.Channel() == "", "ends name no connection")
				case broker.Mosquitto:
					require.Zero(t, e.Time.Nanosecond(), "whole seconds")
					require.Empty(t, e.Node)
				case broker.ApsaraMQ:
					require.Equal(t, e.NativeEvent == "disconnect", e.Action == event.Disconnect)
					require.Len(t, e.ChannelID, 32)
				case broker.EMQX, broker.EMQX4:
					require.Empty(t, e.ChannelID)
					require.NotEqual(t, event.ServerShutdown, e.ActionInfo, "a node that stops reports nothing")
					require.Equal(t, e.NativeEvent == "client.connack" || e.NativeEvent == "client_connack", e.ConnectedAt.IsZero())
				case broker.AzureEventGrid, broker.HuaweiIoTDA:
					require.Empty(t, e.PeerAddress)
					if broker.IsSnapshot(e.NativeEvent) {
						require.Equal(t, e.Time, e.Time.Truncate(time.Minute))
					}
				case broker.RMQTT:
					require.NotEmpty(t, e.Channel())
				case broker.HiveMQ, broker.AliyunIoT:
					require.Empty(t, e.Channel(), "nothing identifies the connection")
				}
			}
		}
	}
}

func TestApsaraMQReportsDISCONNECTInTwoRows(t *testing.T) {
	for seed := range uint64(50) {
		events := sim.Device(sim.CleanWorker, seed, day)
		if events[0].Source != broker.ApsaraMQ {
			continue
		}
		require.Equal(t, "connect", events[0].NativeEvent)
		require.Equal(t, "disconnect", events[1].NativeEvent)
		require.Equal(t, "tcpclean", events[2].NativeEvent)
		require.Equal(t, events[1].ChannelID, events[2].ChannelID)
		require.False(t, events[2].Time.Before(events[1].Time))
		return
	}
	require.Fail(t, "no seed made a device of ApsaraMQ")
}

func TestDayStopsWithItsReader(t *testing.T) {
	n := 0
	for range sim.Day(sim.Config{Day: day, Devices: 1 << 40}) {
		if n++; n == 100 {
			break
		}
	}
	require.Equal(t, 100, n)
}

// refusing lists the native events that report refused logins.
var refusing = map[string]bool{"client.connack": true, "client_connack": true, "connack": true, "connect_failed": true}

// figures holds measurements of one day of a fleet.
type figures struct {
	devices, events, connects int
	perDevice                 map[string]int
	refusals                  map[string]int
	instances, nodes, groups  map[string]bool
	delays                    []float64
	perMinute                 map[time.Time]int // the number of connects to emqx-north in each minute
}

func figuresOf(t *testing.T, c sim.Config) figures {
	f := figures{
		devices: c.Devices, perDevice: map[string]int{}, refusals: map[string]int{},
		instances: map[string]bool{}, nodes: map[string]bool{}, groups: map[string]bool{}, perMinute: map[time.Time]int{},
	}
	for e := range sim.Day(c) {
		f.events++
		f.perDevice[string(e.ClientID)]++
		f.instances[string(e.InstanceID)], f.nodes[e.Node], f.groups[e.GroupID()] = true, true, true
		if e.TimeOrigin == event.FromBroker && e.Source != broker.Mosquitto {
			f.delays = append(f.delays, float64(e.ReceivedAt.Sub(e.Time).Milliseconds()))
		}
		if e.Action == event.Connect {
			f.connects++
			if e.InstanceID == "emqx-north" {
				f.perMinute[e.Time.Truncate(time.Minute)]++
			}
		}
		if e.ActionInfo == event.NotAuthorized && refusing[e.NativeEvent] {
			f.refusals[string(e.ClientID)]++
		}
	}
	slices.Sort(f.delays)
	return f
}

func (f *figures) devicesWith(count map[string]int, low, high int) int {
	n := 0
	for _, events := range count {
		if low <= events && events <= high {
			n++
		}
	}
	return n
}

// As in a real fleet, most devices must have a handful of events and a few must have
// thousands.
func TestDayIsMixedLikeAFleet(t *testing.T) {
	const devices = 50_000
	f := figuresOf(t, sim.Config{Seed: 1, Day: day, Devices: devices})
	require.InDelta(t, 10, float64(f.events)/devices, 0.6, "events per device")
	require.InDelta(t, 0.54, float64(f.connects)/float64(f.events), 0.04, "about half are connects")
	require.InDelta(t, 10, f.devicesWith(f.perDevice, 1000, math.MaxInt), 9, "0.02 % flap")
	require.InDelta(t, 0.0035*devices, f.devicesWith(f.refusals, 8, 1000), 40, "0.3 % are refused, 0.05 % after a success")
	require.GreaterOrEqual(t, len(f.instances), 8)
	require.GreaterOrEqual(t, len(f.nodes), 10)
	require.GreaterOrEqual(t, len(f.groups), 6)
	require.InDelta(t, 18, f.delays[len(f.delays)/2], 1, "median of the delays, ms")
	require.Greater(t, f.delays[len(f.delays)*99/100], 80.0, "some events take long")
}

// When a node restarts, all its devices must reconnect at about the same time.
func TestDayHasAStormAfterARestart(t *testing.T) {
	f := figuresOf(t, sim.Config{Seed: 1, Day: day, Devices: 20_000})
	usual := f.perMinute[day.Add(8*time.Hour)]
	storm := f.perMinute[day.Add(9*time.Hour+30*time.Minute)]
	require.Greater(t, storm, 20*usual)
	require.Greater(t, storm, 1000)
}

func TestEventsPerDevice(t *testing.T) {
	for _, want := range []float64{5, 20, 50} {
		f := figuresOf(t, sim.Config{Seed: 2, Day: day, Devices: 20_000, EventsPerDevice: want})
		require.InEpsilon(t, want, float64(f.events)/20_000, 0.1)
	}
}

func BenchmarkDay(b *testing.B) {
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		for range sim.Day(sim.Config{Seed: 1, Day: day, Devices: 1000}) {
			n++
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
}
