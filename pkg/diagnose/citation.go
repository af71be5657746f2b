package diagnose

import (
	"slices"

	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
)

// citation is a piece of evidence that has not been put into words yet.
type citation struct {
	Evidence
	sentences []sentence
}

// citeEnd cites the end of a connection.
func citeEnd(c *history.Connection, more ...sentence) citation {
	duration := sentence{phrase: startUnknown}
	if !c.Start.IsZero() && !c.End.IsZero() {
		duration = sentence{lasted, values{"length": length(c.End.Sub(c.Start))}}
		if c.EndIs == history.Inferred {
			duration.phrase = hadBegun
		}
	}
	return citation{
		Evidence{Time: c.End, Action: c.Action, ActionInfo: c.ActionInfo, NativeReason: c.NativeReason},
		slices.Concat([]sentence{duration}, cameFrom(c.PeerAddress), more),
	}
}

// citeStart cites the start of a connection as an accepted login.
func citeStart(c *history.Connection) citation {
	return citation{
		Evidence{Time: c.Start, Action: event.Connect, ActionInfo: event.Accepted},
		append([]sentence{{phrase: loginAccepted}}, cameFrom(c.PeerAddress)...),
	}
}

// citeRefusal cites a refused CONNECT.
func citeRefusal(r *history.Refusal) citation {
	sentences := append([]sentence{{phrase: loginRefused}}, cameFrom(r.PeerAddress)...)
	if r.Username != "" {
		sentences = append(sentences, sentence{asUser, values{"username": verbatim(r.Username)}})
	}
	return citation{
		Evidence{Time: r.Time, Action: r.Action, ActionInfo: r.ActionInfo, NativeReason: r.NativeReason},
		sentences,
	}
}

// cameFrom returns a sentence that names the client's address, or nil if the address is unknown.
func cameFrom(address string) []sentence {
	if address == "" {
		return nil
	}
	return []sentence{{from, values{"address": verbatim(address)}}}
}

// withKeepAlive returns a sentence that names the connection's keep alive, or nil if the keep alive
// is unknown.
func withKeepAlive(c *history.Connection) []sentence {
	if !c.KeepAlive.Known {
		return nil
	}
	return []sentence{{hadKeepAlive, values{"keep_alive": length(c.KeepAlive.Value)}}}
}

// withNothing returns nil, for citations that need no additional sentences.
func withNothing(*history.Connection) []sentence { return nil }

// citeEnds cites the ends of the newest of the given connections, which must be sorted by time. To
// each citation, it adds the sentences that more returns for the connection.
func citeEnds(connections []*history.Connection, more func(*history.Connection) []sentence) []citation {
	var found []citation
	for _, c := range newest(connections) {
		found = append(found, citeEnd(c, more(c)...))
	}
	return found
}

// citeRefusals cites the newest of the refusals, which must be sorted by time.
func citeRefusals(refusals []*history.Refusal) []citation {
	var found []citation
	for _, r := range newest(refusals) {
		found = append(found, citeRefusal(r))
	}
	return found
}

// citeMoves cites the ends of the newest of the given connections, and adds the given sentences to
// each citation. If the client's next connection was on a different node, the citation also names
// both nodes.
func citeMoves(successions []succession, more ...sentence) []citation {
	var found []citation
	for _, s := range newest(successions) {
		sentences := slices.Clone(more)
		if s.moved() {
			sentences = append(sentences, sentence{nextOnNode, values{"node": verbatim(s.ended.Node), "next": verbatim(s.next.Node)}})
		}
		found = append(found, citeEnd(s.ended, sentences...))
	}
	return found
}
