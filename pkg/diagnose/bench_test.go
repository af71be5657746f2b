package diagnose_test

import (
	"testing"

	"devicetrace/infra/local/sim"
	"devicetrace/pkg/diagnose"
	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
)

// tenThousand returns 10,000 events from one day. It calls sim.Device with
// the given cause for many devices, and attributes the events of all of them to a single device.
func tenThousand(b *testing.B, cause sim.Cause) []event.Event {
	b.Helper()
	var events []event.Event
	for seed := range uint64(10_000) {
		if len(events) >= 10_000 {
			break
		}
		events = append(events, sim.Device(cause, seed, day)...)
	}
	events = events[:10_000]
	for i := range events { // make all events belong to one device
		events[i].ClientID, events[i].InstanceID = "GID_a@@@device", "i"
	}
	return events
}

func BenchmarkDiagnose(b *testing.B) {
	for _, cause := range []sim.Cause{sim.CrashLoop, sim.ClonedCredential, sim.WrongPassword, sim.FlakyRadio} {
		b.Run(string(cause), func(b *testing.B) {
			events := tenThousand(b, cause)
			b.ReportAllocs()
			for b.Loop() {
				report(events, wholeDay, history.Status{}, diagnose.English)
			}
			b.ReportMetric(float64(len(events)), "events")
		})
	}
}

func BenchmarkStatusAt(b *testing.B) {
	events := tenThousand(b, sim.CrashLoop)
	b.ReportAllocs()
	for b.Loop() {
		history.StatusAt(logOf(events), wholeDay.To)
	}
}
