package history

import (
	"slices"
	"time"
)

// Summary holds statistics on a client's connections and refusals within a span.
type Summary struct {
	OnlineMS  int64 `json:"online_ms"`
	OfflineMS int64 `json:"offline_ms"`
	UnknownMS int64 `json:"unknown_ms"`
	// Uptime is the time online divided by the time with a known state, from 0 to 1. It is nil
	// if the state is never known.
	Uptime *float64 `json:"uptime"`
	// Connects counts the connections that began in the span and whose connect event was recorded.
	Connects int `json:"connects"`
	// Each connection that has ended counts in exactly one of the next four fields. Drops counts
	// connections for which Dropped is true. Disconnects counts connections ended by a reported
	// DISCONNECT. Unexplained counts all other connections with a reported end. For these, the
	// source gave no reason, so the client may have sent a DISCONNECT. Unreported counts
	// connections with an inferred end.
	Drops       int `json:"drops"`
	Disconnects int `json:"disconnects"`
	Unexplained int `json:"unexplained"`
	Unreported  int `json:"unreported"`
	Refusals    int `json:"refusals"`
	// LongestMS and MedianMS are the longest and the median length of a connection. They cover only
	// connections with a known start and a reported end, and are nil if there are none. If the
	// number of these connections is even, the median is the lower of the two middle lengths.
	LongestMS *int64 `json:"longest_ms"`
	MedianMS  *int64 `json:"median_ms"`
	// LongestOfflineMS is the length of the longest offline stretch of the timeline, or nil if it
	// has none. Like OfflineMS, it is a lower bound if the state is sometimes unknown or an end was
	// not reported.
	LongestOfflineMS *int64 `json:"longest_offline_ms"`
}

func (h *History) summarize() Summary {
	s := Summary{Refusals: len(h.Refusals)}
	s.addTimes(h.Timeline)
	s.LongestOfflineMS = longestOffline(h.Timeline)
	lengths := make([]time.Duration, 0, len(h.Connections))
	for _, c := range h.Connections {
		s.addConnection(c, At(h.Span.From))
		if lasted, known := c.Lasted(); known {
			lengths = append(lengths, lasted)
		}
	}
	if len(lengths) > 0 {
		slices.Sort(lengths)
		s.LongestMS = milliseconds(lengths[len(lengths)-1])
		s.MedianMS = milliseconds(lengths[(len(lengths)-1)/2])
	}
	return s
}

func (s *Summary) addTimes(stretches []Stretch) {
	for _, stretch := range stretches {
		ms := int64(stretch.To - stretch.From)
		switch stretch.State {
		case Online:
			s.OnlineMS += ms
		case Offline:
			s.OfflineMS += ms
		case Unknown:
			s.UnknownMS += ms
		}
	}
	if known := s.OnlineMS + s.OfflineMS; known > 0 {
		uptime := float64(s.OnlineMS) / float64(known)
		s.Uptime = &uptime
	}
}

// longestOffline returns the length of the longest offline stretch, or nil if there is none.
func longestOffline(stretches []Stretch) (longest *int64) {
	for _, stretch := range stretches {
		ms := int64(stretch.To - stretch.From)
		if stretch.State == Offline && (longest == nil || ms > *longest) {
			longest = &ms
		}
	}
	return longest
}

func (s *Summary) addConnection(c *Connection, from Instant) {
	if c.accepted && c.Start >= from {
		s.Connects++
	}
	s.addEnd(c)
}

// addEnd counts how c ended. It does nothing if c is open.
func (s *Summary) addEnd(c *Connection) {
	switch {
	case c.Dropped():
		s.Drops++
	case c.EndIs == Inferred:
		s.Unreported++
	case c.Kind == Disconnected:
		s.Disconnects++
	case c.EndIs == Reported:
		s.Unexplained++
	}
}

func milliseconds(d time.Duration) *int64 {
	ms := d.Milliseconds()
	return &ms
}
