package history_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/history"
)

func TestInstantAsJSON(t *testing.T) {
	for want, instant := range map[string]history.Instant{
		`"2026-11-22T08:00:00.100Z"`: history.At(time.Date(2026, 11, 22, 16, 0, 0, 100_999_999, time.FixedZone("", 8*3600))),
		`null`:                       0,
	} {
		require.Equal(t, want, asJSON(t, instant))
	}
}
