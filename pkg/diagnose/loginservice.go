package diagnose

import (
	"time"

	"devicetrace/pkg/history"
)

const (
	// loginFlaky selects the text to use if the same user's logins were accepted soon after most of
	// the refusals.
	loginFlaky Code = "refused-login-flaky"
	// acceptedWithin is how soon a login must have been accepted after a refusal. Nobody replaces
	// credentials that fast, again and again.
	acceptedWithin = 2 * time.Minute
)

// acceptedSoon reports whether a login of the same user from the same address was accepted soon after
// most of the given refusals, of which there must be at least minFrequent. The refusals must be sorted
// by time.
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
