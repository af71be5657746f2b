package main

import (
	"cmp"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/sim"
	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

// TestMadeUpEventsArriveAsTheyAre: nothing of an event is lost in the project's own form,
// where a reason that the source does not tell is our word for it.
func TestMadeUpEventsArriveAsTheyAre(t *testing.T) {
	day := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	received := day.AddDate(0, 0, 1)
	decode, known := broker.Lookup("events")
	require.True(t, known)
	for seed, cause := range sim.Causes {
		want := sim.Device(cause, uint64(seed), day)
		items := make([]sent, len(want))
		for i := range want {
			items[i] = toSent(want[i])
			want[i].InstanceID, want[i].ReceivedAt, want[i].TimeOrigin = demoInstance, received, event.FromBroker
			want[i].NativeReason = cmp.Or(want[i].NativeReason, string(want[i].ActionInfo))
		}
		body, err := json.Marshal(items)
		require.NoError(t, err)
		got := decode(body, broker.Meta{InstanceID: demoInstance, ReceivedAt: received})
		require.Empty(t, got.Rejected)
		require.Equal(t, want, got.Events, cause)
	}
}
