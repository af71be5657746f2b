package ownform_test

import (
	"cmp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/ownform"
	"devicetrace/infra/local/sim"
	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

// Decoding an encoded event must return the same event. One difference is allowed: an event without
// a native reason gets its action info as the native reason.
func TestEncodedEventsDecodeToThemselves(t *testing.T) {
	day := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	received := day.AddDate(0, 0, 1)
	own, known := broker.Find(broker.Events)
	require.True(t, known)
	for seed, cause := range sim.Causes {
		want := sim.Device(cause, uint64(seed), day)
		body, err := ownform.Encode(want)
		require.NoError(t, err)
		for i := range want {
			want[i].InstanceID, want[i].ReceivedAt, want[i].TimeOrigin = "demo", received, event.FromBroker
			want[i].NativeReason = cmp.Or(want[i].NativeReason, string(want[i].ActionInfo))
		}
		got := own.Decode(body, broker.Meta{InstanceID: "demo", ReceivedAt: received})
		require.Empty(t, got.Rejected)
		require.Equal(t, want, got.Events, cause)
	}
}
