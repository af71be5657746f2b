package e2e

import "time"

// startOfDay returns the start of the UTC day of an instant.
func startOfDay(at time.Time) time.Time { return at.UTC().Truncate(24 * time.Hour) }

// oneDay returns the start of the current UTC day, for a test that takes less than patience and
// must not span midnight. If the day ends within patience, oneDay first waits for the next day.
func oneDay() time.Time {
	now := time.Now()
	if left := startOfDay(now).AddDate(0, 0, 1).Sub(now); left < patience {
		time.Sleep(left)
	}
	return startOfDay(time.Now())
}
