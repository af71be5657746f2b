package e2e

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
)

// manyEvents returns n events of a device, thirty per second. Each event has its own source event
// id. Groups of three consecutive events have the same time, so the time alone does not determine
// the order of the events.
func manyEvents(device string, from time.Time, n int) []inputEvent {
	events := make([]inputEvent, n)
	for i := range events {
		events[i] = inputEvent{
			ClientID: device, Action: "connect", Time: from.UnixMilli() + int64(i/3)*100,
			SourceEventID: fmt.Sprintf("%s-%06d", device, i), Node: "node-1",
		}
		if i%2 == 1 {
			events[i].Action, events[i].ActionInfo = "close", "no heart"
		}
	}
	return events
}

// oddClientIDs are client identifiers that careless code could misread.
var oddClientIDs = []string{
	"GID_x@@@plain", "with space", "comma,quote\"", "=formula", "Ünï-çødé-设备", "a/b/../c", "new\nline",
	"undefined", "NULL", "emoji-🛰", "@@@", "tab\there", "percent%41",
}

// mixedEvents returns n events from many devices. Each optional field is present in some events and
// absent from others.
func mixedEvents(seed uint64, from time.Time, n int) []inputEvent {
	random := rand.New(rand.NewPCG(seed, 0))
	clients := slices.Clone(oddClientIDs)
	for i := range 40 {
		clients = append(clients, fmt.Sprintf("GID_%d@@@device-%04d", i%3, i))
	}
	events := make([]inputEvent, n)
	for i := range events {
		events[i] = mixedEvent(random, clients, from, i)
	}
	return events
}

func mixedEvent(random *rand.Rand, clients []string, from time.Time, i int) inputEvent {
	at := from.UnixMilli() + random.Int64N(40_000)
	e := inputEvent{ClientID: clients[random.IntN(len(clients))], Action: "connect", Time: at, SourceEventID: fmt.Sprintf("mixed-%06d", i)}
	if i%2 == 1 {
		code := random.Int32N(256)
		e.Action, e.ActionInfo, e.NativeReason, e.ReasonCode = "close", "no heart", "i/o timeout", &code
	}
	if i%3 > 0 {
		keepAlive, clean := random.Int32N(600), i%2 == 0
		e.PeerAddress, e.PeerPort, e.Username = fmt.Sprintf("192.0.2.%d", random.IntN(256)), 1024+random.Int32N(60_000), "device"
		e.KeepAlive, e.CleanStart, e.ConnectedAt = &keepAlive, &clean, at-random.Int64N(5_000)
	}
	if i%5 > 0 {
		e.ChannelID, e.Node = fmt.Sprintf("%032x", random.Uint64()), fmt.Sprintf("node-%d", i%4)
	}
	return e
}

// neighborOf returns a device in the same shard as the given device.
func neighborOf(device string) string {
	shards := layout.Layout{Shards: 16}
	for i := 0; ; i++ {
		neighbor := event.ClientID(fmt.Sprintf("neighbor-%d", i))
		if shards.ShardOf(neighbor) == shards.ShardOf(event.ClientID(device)) {
			return string(neighbor)
		}
	}
}
