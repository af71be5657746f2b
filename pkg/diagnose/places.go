package diagnose

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"devicetrace/pkg/history"
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
	for i := range r.Connections {
		f.step(r.succession(i))
	}
	if returns := len(f.returns); returns < fightReturns || f.conflicts == 0 && returns < silentReturns {
		return nil
	}
	return &finding{
		count:    len(f.returns),
		when:     inOrder(f.returns, endTime),
		values:   values{"addresses": f.addresses()},
		evidence: f.evidence(),
	}
}

// fight goes through connections in order. A round is connections in a row of which
// each was taken over by the next.
type fight struct {
	round     int
	seen      map[string]int // address → the round it was last seen in
	returns   []succession   // takeovers by an address that was there before in the round
	returning map[string]int // address → in how many of them it took part
	conflicts int            // of them, those that were reported as such
}

func (f *fight) step(s succession) {
	if !s.takenOver() {
		f.round++
		return
	}
	f.seen[s.ended.PeerAddress] = f.round
	if f.seen[s.next.PeerAddress] == f.round {
		f.returned(s)
	}
}

func (f *fight) returned(s succession) {
	f.returns = append(f.returns, s)
	f.returning[s.ended.PeerAddress]++
	f.returning[s.next.PeerAddress]++
	if s.ended.Kind == history.Conflict {
		f.conflicts++
	}
}

// takenOver reports whether a connection was soon replaced by one from another
// address, with a conflict or without any end reported.
func (s succession) takenOver() bool {
	c := s.ended
	return (c.Kind == history.Conflict || c.EndIs == history.Inferred) && s.next != nil && !c.Start.IsZero() &&
		c.End.Sub(c.Start.Time) <= fightWithin && history.Differ(c.PeerAddress, s.next.PeerAddress)
}

func (f *fight) evidence() []exhibit {
	var found []exhibit
	for _, s := range newest(f.returns) {
		found = append(found, endOf(s.ended, saying{nextFrom, values{"address": verbatim(s.next.PeerAddress)}}))
	}
	return found
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
