package diagnose

import (
	"cmp"
	"slices"
	"time"

	"devicetrace/pkg/history"
)

const (
	// fightWithin is the maximum length of a connection whose takeover counts as part of a fight. A
	// client that lost its connection reconnects within seconds, or within minutes after repeated
	// attempts, so connections in a fight are short. A device that moves between networks stays
	// longer in each network, so its takeovers do not count.
	fightWithin = 10 * time.Minute
	// minReturns is the minimum number of returns that suggests a fight. A return is a takeover by
	// an address that was already seen in the same round (see fight). One or two returns may just
	// mean that a device switched to another network and back.
	minReturns = 3
	// minSilentReturns replaces minReturns if the broker reported none of the returns as a
	// conflict. Each return is then inferred from a missing end event, which is weaker evidence:
	// some brokers send no end event in a takeover, but an end event may also have been lost.
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

// fight collects takeovers that look like two clients fighting for a client identifier. The caller
// must call step for each connection, in order. A round continues as long as each connection was
// taken over by the next one.
type fight struct {
	round     int
	seen      map[string]int // address → the round in which it was last seen
	returns   []succession   // takeovers by an address already seen in the same round
	returning map[string]int // address → the number of elements of returns that involve it
	conflicts int            // the number of elements of returns that the broker reported as conflicts
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

// takenOver reports whether the next connection probably took over the session of the ended
// connection. All of the following must be true:
//
//   - The broker reported the end as a conflict, or it did not report the end.
//   - The ended connection lasted at most fightWithin.
//   - The addresses of the two connections are known and differ.
func (s succession) takenOver() bool {
	c := s.ended
	return (c.Kind == history.Conflict || c.EndIs == history.Inferred) && s.next != nil && !c.Start.IsZero() &&
		c.End.Sub(c.Start) <= fightWithin && history.Differ(c.PeerAddress, s.next.PeerAddress)
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
