package diagnose

import (
	"time"

	"devicetrace/pkg/history"
)

// A problem with connections is minor if it hardly kept the client offline. All of these
// conditions must hold:
//
//   - The client's state is known for at least minorKnown, because a short span says little.
//   - The client was online for at least minorUptime of that time, and is online at its end.
//   - The problem ended fewer than minorCount connections, and none of them in the last stillGoing of
//     the span.
//
// A minor problem is a notice. If the span was cut, no problem is minor, because earlier
// connections may be missing. The rule does not apply to clients that share an identifier, nor to
// refused logins, because these are faults even if nobody is offline.
const (
	minorKnown  = 12 * time.Hour
	minorUptime = 0.999
	minorCount  = 10
	stillGoing  = time.Hour // trouble that occurred this recently is probably not over
)

// Drops of any kind are severe if they kept the client offline for much of the time. All of these
// conditions must hold:
//
//   - The client's state is known for at least severeKnown, and it was online for less than
//     severeUptime of that time.
//   - The finding is about at least minFrequent ends, and most of them are drops.
//   - The absences after these ends make up at least half of the time offline. An absence that lasts
//     until the end of the span does not count here, because it has a verdict of its own.
//   - The client does not seem to sleep after most of these ends, and the verdict "flapping" does not
//     apply.
//
// Severe drops that would otherwise be a notice are a problem, unless they are over; see isOver.
const (
	severeKnown  = time.Hour
	severeUptime = 0.9
)

// isMinor reports whether a finding about the ends of connections is minor; see minorKnown.
func (in *input) isMinor(f *finding) bool {
	return len(f.ends) > 0 && f.count < minorCount && !in.isRecent(f) && !in.isCut() && in.Status.State == history.Online &&
		in.stateKnown() >= minorKnown && *in.Summary.Uptime >= minorUptime
}

// isSevere reports whether a finding is about severe drops; see severeKnown.
func (in *input) isSevere(f *finding) bool {
	if f.count < minFrequent || in.stateKnown() < severeKnown || *in.Summary.Uptime >= severeUptime ||
		!mostly(f.ends, (*history.Connection).Dropped) || in.maySleep(f.ends) || in.flaps != nil {
		return false
	}
	var offline time.Duration
	for _, c := range f.ends {
		if in.cameBack(c) {
			offline += in.away[c]
		}
	}
	return 2*offline.Milliseconds() >= in.Summary.OfflineMS
}

// maySleep reports whether another verdict says that the client may have slept after most of the
// given ends, or whether it came back from them at even distances.
func (in *input) maySleep(ended []*history.Connection) bool {
	asleep := in.asleep
	if in.fixed != nil && in.fixed.text == fixedLengthAsleep {
		asleep = endsOf(in.sleep, in.fixed)
	}
	return mostly(ended, func(c *history.Connection) bool { return asleep[c] }) || in.mayWake(ended)
}

// isRecent reports whether the newest of a finding's ends happened in the last stillGoing of the
// span.
func (in *input) isRecent(f *finding) bool {
	return len(f.when) > 0 && in.to.Sub(f.when[len(f.when)-1]) <= stillGoing
}

// stateKnown returns the length of time for which the client's state is known.
func (in *input) stateKnown() time.Duration {
	return time.Duration(in.Summary.OnlineMS+in.Summary.OfflineMS) * time.Millisecond
}
