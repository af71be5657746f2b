package history

import (
	"slices"
	"time"
)

// Summary is a span in numbers.
type Summary struct {
	OnlineMS  int64 `json:"online_ms"`
	OfflineMS int64 `json:"offline_ms"`
	UnknownMS int64 `json:"unknown_ms"`
	// Uptime is the online part, 0 to 1, of the time whose state is known; nil if none is.
	Uptime *float64 `json:"uptime"`
	// Connects is the connections whose connect is on record in the span.
	Connects int `json:"connects"`
	// Drops is the ends that were reported and were no DISCONNECT of the client,
	// Disconnects those that were, Unexplained those of which the source does not tell,
	// Unreported the ends that are inferred.
	Drops       int `json:"drops"`
	Disconnects int `json:"disconnects"`
	Unexplained int `json:"unexplained"`
	Unreported  int `json:"unreported"`
	Refusals    int `json:"refusals"`
	// LongestMS and MedianMS are of the connections both of whose ends are known from
	// reports; nil if there are none.
	LongestMS *int64 `json:"longest_ms"`
	MedianMS  *int64 `json:"median_ms"`
}

func (h *History) summarise() Summary {
	s := Summary{Refusals: len(h.Refusals)}
	s.addTimes(h.Timeline)
	var lengths []time.Duration
	for i := range h.Connections {
		c := &h.Connections[i]
		s.addConnection(c, h.Span)
		if length, known := c.Lasted(); known {
			lengths = append(lengths, length)
		}
	}
	if len(lengths) > 0 {
		slices.Sort(lengths)
		s.LongestMS = milliseconds(lengths[len(lengths)-1])
		s.MedianMS = milliseconds(median(lengths))
	}
	return s
}

func (s *Summary) addTimes(stretches []Stretch) {
	for _, stretch := range stretches {
		ms := stretch.To.UnixMilli() - stretch.From.UnixMilli()
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

func (s *Summary) addConnection(c *Connection, span Span) {
	if c.accepted && !c.Start.Before(span.From) {
		s.Connects++
	}
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

// median is the middle of sorted lengths, the lower one of two.
func median(sorted []time.Duration) time.Duration { return sorted[(len(sorted)-1)/2] }

func milliseconds(d time.Duration) *int64 {
	ms := d.Milliseconds()
	return &ms
}
