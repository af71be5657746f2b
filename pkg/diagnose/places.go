package diagnose

import (
	"cmp"
	"slices"
	"time"

	"devicetrace/pkg/history"
)

const (
	// fightWithin is the maximum length of a connection whose takeover counts as part of a
	// fight. A client that lost its identifier to another client retries within seconds and
	// backs off to a few minutes. A device that moves between networks stays longer in each of
	// them.
	fightWithin = 10 * time.Minute
	// minReturns is how often addresses must have come back, in total, to suggest a fight. If
	// this happened only once or twice, a device may just have switched to another network and
	// back.
	minReturns = 3
	// minSilentReturns is used instead of minReturns if no conflict is reported. Some brokers
	// do not report the end of a connection that was taken over. However, an end may also be
	// missing because its event was lost, so minSilentReturns is higher.
	minSilentReturns = 2 * minReturns
)

// twoPlaces finds addresses that keep taking over the client identifier from each other.
func (in *input) twoPlaces() *finding {
	f := fight{round: 1, seen: map[string]int{}, returning: map[string]int{}}
	for i := range in.Connections {
		f.step(in.succession(i))
	}
	if returns := len(f.returns); returns < minReturns || f.conflicts == 0 && returns < minSilentReturns {
		return nil
	}
	return &finding{
		count:    len(f.returns),
		when:     inOrder(f.returns, endTime),
		values:   values{"addresses": f.addresses()},
		evidence: f.evidence(),
	}
}

// fight collects takeovers. Its method step must be called for each connection in order. A
// round is a series of connections in which each one was taken over by the next.
type fight struct {
	round     int
	seen      map[string]int // address → the round in which it was last seen
	returns   []succession   // takeovers by an address seen earlier in the same round
	returning map[string]int // address → the number of returns that involve it
	conflicts int            // how many of the returns the broker reported as conflicts
}

func (f *fight) step(s succession) {
	if !s.takenOver() {
		f.round++
		return
	}
	f.seen[s.ended.PeerAddress] = f.round
	if f.seen[s.next.PeerAddress] == f.round {
		f.addReturn(s)
	}
}

func (f *fight) addReturn(s succession) {
	f.returns = append(f.returns, s)
	f.returning[s.ended.PeerAddress]++
	f.returning[s.next.PeerAddress]++
	if s.ended.Kind == history.Conflict {
		f.conflicts++
	}
}

// takenOver reports whether the ended connection lasted at most fightWithin and was replaced by
// a connection from a different address. Its end must be reported as a conflict, or not at all.
func (s succession) takenOver() bool {
	c := s.ended
	return (c.Kind == history.Conflict || c.EndIs == history.Inferred) && s.next != nil && !c.Start.IsZero() &&
		c.End.Sub(c.Start.Time) <= fightWithin && history.Differ(c.PeerAddress, s.next.PeerAddress)
}

func (f *fight) evidence() []citation {
	var found []citation
	for _, s := range newest(f.returns) {
		found = append(found, citeEnd(s.ended, sentence{nextFrom, values{"address": verbatim(s.next.PeerAddress)}}))
	}
	return found
}

// addresses returns the addresses that took part in the takeovers in f.returns, the most
// frequent one first.
func (f *fight) addresses() addresses {
	found := addresses{}
	for address := range f.returning {
		found = append(found, address)
	}
	slices.SortFunc(found, func(a, b string) int {
		return cmp.Or(cmp.Compare(f.returning[b], f.returning[a]), cmp.Compare(a, b))
	})
	return found
}
