package e2e

import "time"

// startOfDay returns the start of the UTC day of an instant.
func startOfDay(at time.Time) time.Time { return at.UTC().Truncate(24 * time.Hour) }

// oneDay returns the start of the current UTC day, for tests that must not run past midnight. If
// the day ends in less than patience, oneDay first waits for the next day. The tests must take less
// than patience.
func oneDay() time.Time {
	now := time.Now()
	if left := startOfDay(now).AddDate(0, 0, 1).Sub(now); left < patience {
		time.Sleep(left)
	}
	return startOfDay(time.Now())
}
