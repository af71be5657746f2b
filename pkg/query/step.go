package query

import "time"

// Step is one request that an answer made of the store. Steps whose times overlap
// ran at once.
type Step struct {
	// Request is "list" or "read".
	Request string `json:"request"`
	// Key is the prefix that was listed, or the object that was read.
	Key string `json:"key"`
	// Objects is how many a listing page held.
	Objects int `json:"objects,omitempty"`
	// Offset and Bytes are the part of an object that was read.
	Offset int64 `json:"offset,omitempty"`
	Bytes  int64 `json:"bytes,omitempty"`
	// AtMS and MS are when it began, since the question came, and how long it took,
	// in milliseconds.
	AtMS float64 `json:"at_ms"`
	MS   float64 `json:"ms"`
}

// note keeps a step that just ended.
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
