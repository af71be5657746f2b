package main

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/compact"
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

func TestRunTellsFailure(t *testing.T) {
	fails := errors.New("no bucket")
	err := run(t.Context(), func(ctx context.Context) (compact.Report, error) {
		_, limited := ctx.Deadline()
		require.False(t, limited)
		return compact.Report{}, fails
	})
	require.ErrorIs(t, err, fails)
}
