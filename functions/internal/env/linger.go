package env

import (
	"time"

	"devicetrace/pkg/record"
)

// Linger returns how long events gather before a put, from the variable LINGER in milliseconds. By
// default, events do not gather.
func (r *Reader) Linger() time.Duration {
	maximum := int(record.MaxLinger / time.Millisecond)
	return time.Duration(r.Int("LINGER", 0, 0, maximum)) * time.Millisecond
}
