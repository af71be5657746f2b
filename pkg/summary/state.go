package summary

// State says whether a client was connected after its last row.
type State string

const (
	Online  State = "online"
	Offline State = "offline"
	Unknown State = "unknown" // the rows show neither the beginning nor the end of a connection
)

const (
	// sameMoment is the maximum difference, in milliseconds, between times that count as the same
	// moment. For example, the end of a connection may be reported shortly after the beginning of
	// the connection that took over its session.
	sameMoment = 2_000
	// maxDisorder is the maximum time, in milliseconds, by which the events of a connection can be
	// out of order.
	maxDisorder = 60_000
)

// State returns the state of the client after its last row. The rules are simpler than those of
// package history, so that summaries can be merged. A client is offline if one of its two newest
// ends belongs to its newest connection.
func (d *Device) State() State {
	switch {
	case d.OfflineSince() != 0:
		return Offline
	case d.Begun.Time != 0:
		return Online
	default:
		return Unknown
	}
}

// OfflineSince returns the time at which the newest connection ended, in Unix ms. It returns 0
// unless the state is Offline.
func (d *Device) OfflineSince() int64 {
	newest, older := d.Ends[0], d.Ends[1]
	switch {
	case d.isOver(older, newest):
		return older.Time
	case d.isOver(newest, older):
		return newest.Time
	default:
		return 0
	}
}

// isOver reports whether the end e shows that the client's newest connection is over. other is the
// other one of the two newest ends.
func (d *Device) isOver(e, other End) bool {
	b := d.Begun
	switch {
	case e.Time == 0:
		return false
	case b.Time == 0:
		return other.Time <= e.Time // nothing shows to which connection the end belongs
	case e.Time < b.Time-maxDisorder:
		return false
	case e.Channel.isNamed() && b.Channel.isNamed():
		return e.Channel == b.Channel || e.Start > b.Time+sameMoment
	case e.Time < b.Time:
		return false
	case e.Start != 0:
		return e.Start >= b.Time-sameMoment && d.isNearer(e.Start)
	case e.Channel.isComparable(b.Channel):
		return e.Channel == b.Channel
	case e.Time > b.Time+sameMoment || b.Channel.isNamed():
		return true
	default:
		return !d.tookOver(e, other)
	}
}

// isNearer reports whether a time is at least as near to the beginning of the newest connection as
// to the beginning of the connection before it.
func (d *Device) isNearer(time int64) bool {
	return d.BegunBefore == 0 || d.Begun.Time-time <= time-d.BegunBefore
}

// tookOver reports whether the end e may belong to the connection before the newest one, because
// that connection seems to have been open when the newest one began.
func (d *Device) tookOver(e, other End) bool {
	hasEnded := other.Time >= d.BegunBefore && other.Time < e.Time
	return d.BegunBefore != 0 && !hasEnded
}

// settle drops what can no longer decide the state, whatever other rows of the client are merged
// later. This saves space in a summary, and equal rows always give equal summaries.
func (d *Device) settle() {
	oldest := d.Begun.Time - maxDisorder
	ends := &d.Ends
	for i := range ends {
		if ends[i].Time < oldest {
			ends[i] = End{Time: ends[i].Time}
		}
	}
	if d.Begun.Channel.isNamed() {
		d.BegunBefore = 0
	} else {
		oldest = min(oldest, d.BegunBefore)
	}
	for i := range ends {
		if ends[i].Time < oldest {
			ends[i] = End{}
		}
	}
}
