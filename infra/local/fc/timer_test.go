package fc

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/syaml"
)

func TestTimerTicks(t *testing.T) {
	tests := []struct {
		schedule string
		within   time.Duration
		want     []time.Duration // when the timer must fire, counted from midnight
	}{
		{"@every 5m", 16 * time.Minute, []time.Duration{5 * time.Minute, 10 * time.Minute, 15 * time.Minute}},
		{"30 0 4 * * *", 30 * time.Hour, []time.Duration{4*time.Hour + 30*time.Second, 28*time.Hour + 30*time.Second}},
	}
	for _, test := range tests {
		t.Run(test.schedule, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				schedule, err := syaml.ParseSchedule(test.schedule)
				require.NoError(t, err)
				ctx, cancel := context.WithTimeout(t.Context(), test.within)
				defer cancel()
				var got []time.Duration
				tick(ctx, schedule, func(at time.Time) {
					require.Equal(t, at.Sub(start), time.Since(start), "not late")
					got = append(got, at.Sub(start))
				})
				require.Equal(t, test.want, got)
			})
		})
	}
}

func TestTimerPayload(t *testing.T) {
	trigger := syaml.Trigger{Name: "every-five-minutes"}
	trigger.Config.Payload = `{"shards":"0-7"}`
	at := time.Date(2026, 11, 22, 12, 5, 0, 0, time.FixedZone("", 3600))
	require.JSONEq(t, `{"triggerTime":"2026-11-22T11:05:00Z","triggerName":"every-five-minutes","payload":"{\"shards\":\"0-7\"}"}`,
		string(TimerPayload(trigger, at)))
}

func TestDisabledAndOtherTriggersDoNotTick(t *testing.T) {
	host := one(t, func(f *syaml.Function, _ *Config) {
		f.Triggers = []syaml.Trigger{{Name: "off", Type: "timer"}, {Name: "http", Type: "http"}}
	})
	require.NoError(t, host.StartTimers())

	broken := one(t, func(f *syaml.Function, _ *Config) {
		f.Triggers = []syaml.Trigger{{Name: "on", Type: "timer"}}
		f.Triggers[0].Config.Enable = true
	})
	require.ErrorContains(t, broken.StartTimers(), `start timer "on"`)
}
