package parallel_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/parallel"
)

func TestDoMakesAllCallsAndJoinsTheirErrors(t *testing.T) {
	made := make([]bool, 20)
	odd := func(i int) error {
		made[i] = true
		if i%2 == 1 {
			return fmt.Errorf("call %d", i)
		}
		return nil
	}
	err := parallel.Do(len(made), 3, odd)
	require.NotContains(t, made, false)
	var all interface{ Unwrap() []error }
	require.ErrorAs(t, err, &all)
	require.Len(t, all.Unwrap(), 10)
	require.NoError(t, parallel.Do(0, 3, odd))
}

func TestDoRunsAtMostLimitCallsAtATime(t *testing.T) {
	for limit, seconds := range map[int]time.Duration{0: 8, 1: 8, 3: 3, 8: 1, 99: 1} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			require.NoError(t, parallel.Do(8, limit, func(int) error {
				time.Sleep(time.Second)
				return nil
			}))
			require.Equal(t, seconds*time.Second, time.Since(began), "limit %d", limit)
		})
	}
}

func TestDoPanicsIfACallPanics(t *testing.T) {
	ended := make([]bool, 4)
	for at := range ended {
		require.Panics(t, func() {
			_ = parallel.Do(len(ended), len(ended), func(i int) error {
				ended[i] = true
				if i == at {
					panic(errors.New("broken"))
				}
				return nil
			})
		})
		require.NotContains(t, ended, false)
	}
}
