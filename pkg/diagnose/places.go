package diagnose

import (
	"cmp"
	"slices"
	"time"

	"devicetrace/pkg/history"
)

const (
	// fightWithin is the maximum duration of a connection whose takeover counts as part of a fight.
	// A client whose connection was taken over retries after seconds at first, and after a few
	// minutes at most. A device that moves between networks stays longer in each network.
	fightWithin = 10 * time.Minute
	// minReturns is the minimum number of returns that suggests a fight. In a return, an address
	// takes over the identifier again in the same round. One or two returns may only mean that a
	// device switched to another network and back.
	minReturns = 3
	// minSilentReturns replaces minReturns if the broker reported no conflict. Some brokers do not
	// report the end of a connection that was taken over. However, an end may also be missing
	// because its event was lost, so this minimum is higher.
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

// fight collects the takeovers that look like two clients fighting for an identifier. The caller
// must call the step method for each connection, in order. A round is a series of connections, each
// of which was taken over by the next one.
type fight struct {
	round     int
	seen      map[string]int // address → the round in which it was last seen
	returns   []succession   // takeovers by an address already seen in the same round
	returning map[string]int // address → the number of these takeovers that involve it
	conflicts int            // how many of these takeovers the broker reported as conflicts
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

// takenOver reports whether a connection from a different address took over from the ended
// connection within fightWithin of its start. An end that the broker reported counts only if it was
// reported as a conflict.
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

// addresses returns the addresses involved in the takeovers in f.returns, most frequent first.
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
