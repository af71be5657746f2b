package diagnose

import (
	"cmp"
	"slices"
	"time"

	"devicetrace/pkg/history"
)

const (
	// fightWithin is the longest time in which a client that lost its identifier to another
	// client takes it back. Clients retry within seconds, and back off to some minutes. A
	// device that moves between networks stays longer.
	fightWithin = 10 * time.Minute
	// minReturns is how often addresses must have come back. Once or twice may be a device
	// that switched to another network and back.
	minReturns = 3
	// minSilentReturns applies if no conflict is reported. Some brokers report no end of a
	// connection that is taken over, but the end can also be lost.
	minSilentReturns = 2 * minReturns
)

// twoPlaces finds addresses that take the client identifier from each other.
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

// fight goes through connections in order. A round is a series of connections each of which
// the next one took over.
type fight struct {
	round     int
	seen      map[string]int // address → the round in which it was last seen
	returns   []succession   // takeovers by an address that was already seen in the round
	returning map[string]int // address → the number of returns that it takes part in
	conflicts int            // the number of returns that the broker reported as conflicts
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

// takenOver reports whether a connection from another address soon replaced this one, either
// with a conflict or without a reported end.
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

// addresses returns the addresses that fight, the most frequent first.
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
