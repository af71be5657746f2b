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
//   - The problem ended fewer than minorCount connections.
//
// A minor problem is a notice. If the span was cut, no problem is minor, because earlier
// connections may be missing. The rule does not apply to clients that share an identifier, nor to
// refused logins, because these are faults even if nobody is offline.
const (
	minorKnown  = 12 * time.Hour
	minorUptime = 0.999
	minorCount  = 10
)

// isMinor reports whether a finding about the ends of connections is minor; see minorKnown.
func (in *input) isMinor(f *finding) bool {
	known := time.Duration(in.Summary.OnlineMS+in.Summary.OfflineMS) * time.Millisecond
	return len(f.ends) > 0 && f.count < minorCount && !in.isCut() && in.Status.State == history.Online &&
		known >= minorKnown && *in.Summary.Uptime >= minorUptime
}
