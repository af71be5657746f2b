package diagnose

import (
	"cmp"
	"slices"
	"time"

	"devicetrace/pkg/history"
)

const (
	// fightWithin is the longest time that a connection may last if its takeover is to count as
	// part of a fight. A client that lost its identifier to another client retries within seconds
	// and backs off to some minutes. A device that moves between networks stays longer in each
	// network.
	fightWithin = 10 * time.Minute
	// minReturns is the minimum number of times that addresses must have come back. Once or twice
	// may be a device that switched to another network and back.
	minReturns = 3
	// minSilentReturns replaces minReturns if no conflict is reported. Some brokers do not report
	// the end of a connection that is taken over. A missing end can also be a lost event, so more
	// returns are required.
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

// fight collects takeovers while step goes through the connections in order. A round is a series
// of connections in which each one was taken over by the next.
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

// takenOver reports whether the ended connection lasted at most fightWithin and a connection from
// a different address replaced it. The end must be reported as a conflict, or not at all.
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

// addresses returns the addresses that take part in returns, the most frequent one first.
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
