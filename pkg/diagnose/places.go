package diagnose

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// fightWithin is how soon a client that lost its identifier to another one takes it
	// back: clients try again within seconds, and back off to some minutes. A device
	// that moves between networks stays longer.
	fightWithin = 10 * time.Minute
	// fightReturns is how often an address must have come back. Once or twice may be a
	// device that switched networks there and back.
	fightReturns = 3
	// silentReturns is the same where no conflict is reported: some brokers tell no
	// end of a connection that is taken over, but such an end can also be lost.
	silentReturns = 2 * fightReturns
)

// twoPlaces finds addresses that take the client identifier from each other.
func (r *record) twoPlaces() *finding {
	f := fight{round: 1, seen: map[string]int{}, returning: map[string]int{}}
	for i := range r.connections {
		f.step(&r.connections[i], r.next(i))
	}
	if f.returns < fightReturns || f.conflicts == 0 && f.returns < silentReturns {
		return nil
	}
	return &finding{
		count:    f.returns,
		values:   values{"addresses": f.addresses()},
		evidence: f.evidence,
	}
}

// fight goes through connections in order. A round is connections in a row of which
// each was taken over by the next.
type fight struct {
	round     int
	seen      map[string]int // address → the round it was last seen in
	returns   int            // takeovers by an address that was there before in the round
	returning map[string]int // address → in how many of them it took part
	conflicts int            // of them, those that were reported as such
	evidence  []exhibit
}

func (f *fight) step(c, next *Connection) {
	if !takenOver(c, next) {
		f.round++
		return
	}
	f.seen[c.PeerAddress] = f.round
	if f.seen[next.PeerAddress] == f.round {
		f.returned(c, next)
	}
}

func (f *fight) returned(c, next *Connection) {
	f.returns++
	f.returning[c.PeerAddress]++
	f.returning[next.PeerAddress]++
	if c.Kind == Conflict {
		f.conflicts++
	}
	f.evidence = append(f.evidence, endOf(c, saying{nextFrom, values{"address": verbatim(next.PeerAddress)}}))
}

// takenOver reports whether a connection was soon replaced by one from another
// address, with a conflict or without any end reported.
func takenOver(c, next *Connection) bool {
	return (c.Kind == Conflict || c.EndIs == Inferred) && next != nil && !c.Start.IsZero() &&
		c.End.Sub(c.Start.Time) <= fightWithin &&
		c.PeerAddress != "" && next.PeerAddress != "" && c.PeerAddress != next.PeerAddress
}

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

// addresses are a value of texts, the most frequent first.
type addresses []string

// maxAddresses is how many of them are named.
const maxAddresses = 4

func (a addresses) in(lang Lang) string {
	named, more := a[:min(len(a), maxAddresses)], len(a)-maxAddresses
	if lang == Chinese {
		text := strings.Join(named, "、")
		if more > 0 {
			text += " 等 " + strconv.Itoa(len(a)) + " 个地址"
		}
		return text
	}
	if more > 0 {
		return strings.Join(named, ", ") + " and " + strconv.Itoa(more) + " more"
	}
	return strings.Join(named[:len(named)-1], ", ") + " and " + named[len(named)-1]
}
