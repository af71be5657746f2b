package env

import "time"

// Retention returns how long events are kept, from the variable RETENTION_DAYS, by default 30 days.
// The recorder and the query function read it, and the bucket's lifecycle rules must have the same
// number of days.
func (r *Reader) Retention() time.Duration {
	return time.Duration(r.Int("RETENTION_DAYS", 30, 1, 36_500)) * 24 * time.Hour
}
