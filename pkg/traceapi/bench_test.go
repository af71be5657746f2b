package traceapi

import (
	"fmt"
	"testing"
	"time"

	"devicetrace/pkg/event"
	"devicetrace/pkg/query"
)

// BenchmarkMonth measures requests about the past of a device for which each of 30 days has one
// compacted object. The device is active every day, or has been silent since it connected 29 days
// ago. The time includes no round trips to the bucket.
func BenchmarkMonth(b *testing.B) {
	silent := []event.Event{happened("a", event.Connect, 29, "07:00:00")}
	var active []event.Event
	for ago := 29; ago >= 0; ago-- {
		for i := range 40 { // 20 connections a day
			e := happened(fmt.Sprint(ago, "-", i/2), []event.Action{event.Connect, event.Close}[i%2], ago, "00:00:00")
			e.Time = e.Time.Add(time.Duration(i) * 10 * time.Minute)
			active = append(active, e)
		}
	}
	for _, c := range []struct {
		name, path string
		events     []event.Event
	}{
		{"status/active", "status?", active},
		{"status/silent", "status?", silent},
		{"days/7", "days?", active},
		{"days/30", "days?from=2026-10-24&", active},
		{"diagnosis", "diagnosis?", active},
		{"diagnosis/since", "diagnosis?since=1&", active},
	} {
		b.Run(c.name, func(b *testing.B) {
			a := apiOn(b, closedMonth(b, c.events...))
			var got struct{ Receipt query.Receipt }
			for b.Loop() {
				fetch(b, a, "/api/v1/"+c.path+"instance=i&client=c", &got)
			}
			b.ReportMetric(float64(got.Receipt.Requests), "requests")
		})
	}
}
