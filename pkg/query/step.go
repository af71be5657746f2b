package query

import "time"

// Step describes one request that was sent to the store for a trace. Steps whose times overlap ran
// in parallel.
type Step struct {
	// Request is "list" or "read".
	Request string `json:"request"`
	// Key is the prefix that was listed or the key of the object that was read.
	Key string `json:"key"`
	// Objects is the number of objects or common prefixes that a list request returned.
	Objects int `json:"objects,omitempty"`
	// Offset and Bytes give the range that was read from the object.
	Offset int64 `json:"offset,omitempty"`
	Bytes  int64 `json:"bytes,omitempty"`
	// AtMS is the time from the start of the trace to the start of the request. MS is the
	// duration of the request. Both are in milliseconds.
	AtMS float64 `json:"at_ms"`
	MS   float64 `json:"ms"`
}

// note records a step that has just finished, if the request asked for steps.
func (m *meter) note(began time.Time, s Step) {
	if !m.explain {
		return
	}
	s.AtMS, s.MS = milliseconds(began.Sub(m.started)), milliseconds(m.now().Sub(began))
	m.mu.Lock()
	defer m.mu.Unlock()
	m.steps = append(m.steps, s)
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
