package e2e

import "time"

// startOfDay returns the start of the UTC day of an instant.
func startOfDay(at time.Time) time.Time { return at.UTC().Truncate(24 * time.Hour) }

// hourInOneDay returns the end of the latest hour that lies in one day of a time zone. The result is
// now, except in the first hour of a day, when it is the last millisecond of the day before.
func hourInOneDay(now time.Time, zone *time.Location) time.Time {
	year, month, day := now.In(zone).Date()
	if midnight := time.Date(year, month, day, 0, 0, 0, 0, zone); now.Sub(midnight) < time.Hour {
		return midnight.Add(-time.Millisecond)
	}
	return now
}

// oneDay returns the start of the current UTC day, for tests that must not run past midnight. If
// the day ends in less than patience, oneDay first waits for the next day. The tests must take less
// than patience.
func oneDay() time.Time { return oneDayFor(patience) }

// oneDayFor does the same as oneDay, for tests that take up to the given time.
func oneDayFor(length time.Duration) time.Time {
	time.Sleep(untilOneDay(time.Now(), length))
	return startOfDay(time.Now())
}

// untilOneDay returns how long a test of the given length must wait at an instant, so that it does not
// run past midnight.
func untilOneDay(now time.Time, length time.Duration) time.Duration {
	if left := startOfDay(now).AddDate(0, 0, 1).Sub(now); left < length {
		return left
	}
	return 0
}
