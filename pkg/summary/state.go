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

// State returns the state of the client after its last row. Its rules are simpler than the rules of
// package history, so that summaries can be merged. A client is offline if one of its two newest
// ends belongs to its newest connection. It is unknown if older ends, which a Device does not keep,
// or a refusal could have ended that connection.
func (d *Device) State() State {
	switch {
	case d.OfflineSince() != 0:
		return Offline
	case d.Begun.Time == 0 || d.mayBeOffline():
		return Unknown
	default:
		return Online
	}
}

// MayBeOffline reports whether the state is Offline, or unknown although the beginning of a
// connection is known.
func (d *Device) MayBeOffline() bool {
	return d.OfflineSince() != 0 || d.Begun.Time != 0 && d.mayBeOffline()
}

// OfflineSince returns the time at which the newest connection ended, in Unix ms. It returns 0
// unless the state is Offline.
func (d *Device) OfflineSince() int64 {
	newest, older := d.Ends[0], d.Ends[1]
	switch {
	case d.isNewer(newest) && newest.Start > older.Start:
		return newest.Time
	case d.verdict(older, newest) == over:
		return older.Time
	case d.verdict(newest, older) == over:
		return newest.Time
	default:
		return 0
	}
}

// mayBeOffline reports whether the newest connection may be over although no end certainly shows it.
func (d *Device) mayBeOffline() bool {
	newest, older := d.Ends[0], d.Ends[1]
	switch {
	case d.verdict(newest, older) == unclear || d.verdict(older, newest) == unclear:
		return true
	case older.Time != 0 && older.Time >= d.Begun.Time:
		return true // an older end, which is not kept, may have ended the newest connection
	default:
		return d.Refusals > 0 && d.Last > d.Begun.Time // the refusal may have ended the connection
	}
}

// verdict says what an end shows about the client's newest connection.
type verdict uint8

const (
	notOver verdict = iota
	unclear
	over
)

// verdictIf returns over or notOver.
func verdictIf(isOver bool) verdict {
	if isOver {
		return over
	}
	return notOver
}

// isNewer reports whether an end belongs to a connection that began after the newest recorded
// beginning.
func (d *Device) isNewer(e End) bool { return d.Begun.Time != 0 && e.Start > d.Begun.Time+sameMoment }

// verdict says whether the end e shows that the client's newest connection is over. other is the
// other of the two newest ends.
func (d *Device) verdict(e, other End) verdict {
	b := d.Begun
	switch {
	case e.Time == 0:
		return notOver
	case b.Time == 0:
		return verdictIf(other.Time <= e.Time) // nothing shows to which connection the end belongs
	case e.Time < b.Time-maxDisorder:
		return notOver
	case e.Channel.isNamed() && b.Channel.isNamed():
		return verdictIf(e.Channel == b.Channel || d.isNewer(e))
	case e.Time < b.Time:
		return notOver
	case e.Start != 0:
		return verdictIf(e.Start >= b.Time-sameMoment && d.isNearer(e.Start))
	case e.Channel.isComparable(b.Channel):
		return verdictIf(e.Channel == b.Channel)
	case d.contradicts(e):
		return unclear
	case e.Time > b.Time+sameMoment || b.Channel.isNamed():
		return over
	default:
		return d.afterTakeover(e, other)
	}
}

// isNearer reports whether a time is at least as near to the beginning of the newest connection as
// to the beginning of the connection before it.
func (d *Device) isNearer(time int64) bool {
	return d.BegunBefore == 0 || d.Begun.Time-time <= time-d.BegunBefore
}

// contradicts reports whether the end e came from a different address than the newest beginning.
func (d *Device) contradicts(e End) bool {
	return d.Address.Time == e.Time && d.Begun.Address != "" && d.Address.Text != d.Begun.Address
}

// afterTakeover says whether the end e, which came at most sameMoment after the newest beginning,
// shows that the newest connection is over. Such an end may belong to the connection whose session
// was taken over. It certainly does if it has the time of the beginning and the previous connection
// had not ended yet.
func (d *Device) afterTakeover(e, other End) verdict {
	if e.Time == d.Begun.Time && d.BegunBefore != 0 && other.Time < d.BegunBefore {
		return notOver
	}
	return unclear
}

// settle removes values that can no longer decide the state, whatever other rows of the client are
// merged later. This saves space in a summary, and equal rows always give equal summaries.
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
