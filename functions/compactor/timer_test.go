package main

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/compact"
	"devicetrace/pkg/layout"
)

func TestRunStopsBeforeTheDeadline(t *testing.T) {
	for given, want := range map[time.Duration]time.Duration{
		10 * time.Minute: 10*time.Minute - 10*time.Second,
		10 * time.Second: 8 * time.Second,
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), given)
			defer cancel()
			start := time.Now()
			err := run(ctx, func(ctx context.Context) (compact.Report, error) {
				<-ctx.Done()
				return compact.Report{}, nil
			})
			require.NoError(t, err)
			require.Equal(t, want, time.Since(start))
		})
	}
}

func TestRunReturnsTheFailure(t *testing.T) {
	fails := errors.New("no bucket")
	err := run(t.Context(), func(ctx context.Context) (compact.Report, error) {
		_, limited := ctx.Deadline()
		require.False(t, limited)
		return compact.Report{}, fails
	})
	require.ErrorIs(t, err, fails)
}

func TestShareOfATimersEvent(t *testing.T) {
	event := func(payload string) string {
		return `{"triggerTime":"2026-11-22T08:00:00Z","triggerName":"every-five-minutes","payload":"` + payload + `"}`
	}
	low := layout.ShardRange{First: "0", Last: "7"}
	for text, want := range map[string]compact.Share{"": {}, "{}": {}, event(""): {}, event("shards=0-7"): {Shards: low}} {
		share, err := shareOf([]byte(text))
		require.NoError(t, err)
		require.Equal(t, want, share)
	}
	for text, says := range map[string]string{
		"shards=0-7": "decode timer event",
		event("0-7"): `timer payload: share is "0-7", want nothing, shards=0-7, instances=1/4 or`,
	} {
		_, err := shareOf([]byte(text))
		require.ErrorContains(t, err, says)
	}
}
