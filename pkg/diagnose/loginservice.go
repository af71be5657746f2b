package diagnose

import (
	"time"

	"devicetrace/pkg/history"
)

const (
	// loginFlaky selects the text to use if most of the refusals were soon followed by an accepted
	// login of the same user.
	loginFlaky Code = "refused-login-flaky"
	// acceptedWithin is how soon after a refusal a login must be accepted to suggest a fault in the
	// login service. Nobody repeatedly replaces credentials that fast.
	acceptedWithin = 2 * time.Minute
)

// acceptedSoon reports whether most of the given refusals, and at least minFrequent of them, were
// soon followed by an accepted login of the same user from the same address. A user or an address
// that is not known counts as the same. The refusals must be sorted by time.
func (in *input) acceptedSoon(refusals []*history.Refusal) bool {
	soon, next := 0, 0
	for _, r := range refusals {
		for next < len(in.Connections) && (in.Connections[next].Start.IsZero() || in.Connections[next].Start < r.Time) {
			next++
		}
		if next == len(in.Connections) {
			break
		}
		c := in.Connections[next]
		isSame := !history.Differ(c.Username, r.Username) && !history.Differ(c.PeerAddress, r.PeerAddress)
		if isSame && c.Start.Sub(r.Time) <= acceptedWithin {
			soon++
		}
	}
	return soon >= minFrequent && 2*soon > len(refusals)
}
