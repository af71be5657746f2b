package diagnose

import (
	"cmp"
	"slices"
	"time"

	"devicetrace/pkg/history"
)

// fightWithin is the maximum length of a connection whose takeover by another address counts as
// part of a fight. A client that lost its connection reconnects within seconds, or within minutes
// after repeated attempts, so connections in a fight are short. A device that moves between
// networks stays longer in each network, so its takeovers do not count.
const fightWithin = 10 * time.Minute

// twoPlaces finds addresses that keep taking over the client identifier from each other.
func (in *input) twoPlaces() *finding {
	address := func(c *history.Connection) string { return c.PeerAddress }
	f := (&fight[string]{party: address, differ: history.Differ[string], within: fightWithin}).search(in)
	if !f.isCertain() {
		return nil
	}
	var evidence []citation
	for _, s := range newest(f.returns) {
		evidence = append(evidence, citeEnd(s.ended, sentence{nextFrom, values{"address": verbatim(s.next.PeerAddress)}}))
	}
	return &finding{
		count:    len(f.returns),
		when:     inOrder(f.returns, endTime),
		values:   values{"addresses": involved(f.returns)},
		evidence: evidence,
	}
}

// involved returns the addresses involved in the given takeovers, most frequent first.
func involved(takeovers []succession) addresses {
	times := map[string]int{}
	for _, s := range takeovers {
		times[s.ended.PeerAddress]++
		times[s.next.PeerAddress]++
	}
	found := addresses{}
	for address := range times {
		found = append(found, address)
	}
	slices.SortFunc(found, func(a, b string) int {
		return cmp.Or(cmp.Compare(times[b], times[a]), cmp.Compare(a, b))
	})
	return found
}
