package env

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRetention(t *testing.T) {
	const day = 24 * time.Hour
	for set, want := range map[string]time.Duration{"": 30 * day, "1": day, " 400 ": 400 * day, "36500": 36_500 * day} {
		r := reader(map[string]string{"RETENTION_DAYS": set})
		require.Equal(t, want, r.Retention())
		require.NoError(t, r.Err())
	}
	for _, set := range []string{"0", "-1", "36501", "30d", "7.5"} {
		r := reader(map[string]string{"RETENTION_DAYS": set})
		require.Equal(t, 30*day, r.Retention())
		require.EqualError(t, r.Err(), `environment variable RETENTION_DAYS is "`+set+`", want a whole number from 1 to 36500`)
	}
}
