package history

import "time"

// DayHistory describes one client during one UTC day.
type DayHistory struct {
	// Day is the first instant of the day, in UTC.
	Day time.Time
	// Summary counts the whole day, even if CountsOnly is set. LongestMS, MedianMS and
	// LongestOfflineMS are then nil.
	Summary Summary
	// Connections is the number of connections that were open or ended on the day.
	Connections int
	// LastDrop is a copy of the result of the function LastDrop for the day's connections.
	LastDrop *Connection
	// History is nil if CountsOnly or NotRead is set.
	History *History
	// CountsOnly means that the events of the day were not all kept; see Days.
	CountsOnly bool
	// NotRead means that no events of the day were read. Nothing is known about the day.
	NotRead bool
	// Cut means that older events were not read, although they could change the history of the day.
	// If reading stopped within the day, the counts include only the part of the day that was read.
	Cut bool
}

// addWhole sets all results of a day from its history.
func (d *DayHistory) addWhole(h *History) {
	d.Summary, d.Connections, d.History = h.Summary, len(h.Connections), h
	d.addDrop(h.Connections)
}

// addPart adds the counts of the range [from, until), which is a part of the day, to the counts of
// the day. h must cover this part. It should begin earlier and end later than the part, because the
// events around a boundary help to pair the events at the boundary. A connection counts in the part
// in which it ended. isLast means that the part is the last one of the day. An open connection
// counts only in the last part.
func (d *DayHistory) addPart(h *History, from, until Instant, isLast bool) {
	isWithin := func(t Instant) bool { return from <= t && t < until }
	var counted []*Connection
	for _, c := range h.Connections {
		if c.accepted && isWithin(c.Start) {
			d.Summary.Connects++
		}
		if c.EndIs == Open && isLast || c.EndIs != Open && isWithin(c.End) {
			d.Summary.addEnd(c)
			counted = append(counted, c)
		}
	}
	d.Connections += len(counted)
	d.addDrop(counted)
	for _, r := range h.Refusals {
		if isWithin(r.Time) {
			d.Summary.Refusals++
		}
	}
	d.Summary.addTimes(clip(h.Timeline, from, until))
}

// addDrop sets LastDrop to a copy of the last drop among the given connections, unless a later part
// of the day has set it already. The copy does not keep the events of the day in memory.
func (d *DayHistory) addDrop(connections []*Connection) {
	if last := LastDrop(connections); last != nil && d.LastDrop == nil {
		drop := *last
		d.LastDrop = &drop
	}
}

// clip returns the stretches, shortened to the range between two instants.
func clip(stretches []Stretch, from, to Instant) (found []Stretch) {
	for _, s := range stretches {
		s.From, s.To = max(s.From, from), min(s.To, to)
		if s.From < s.To {
			found = append(found, s)
		}
	}
	return found
}
