package diagnose

import (
	"time"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/history"
)

const (
	// minReturns is the minimum number of returns that suggests a fight. A return is a takeover by
	// a party that was already seen in the same round (see fight). One or two returns may just mean
	// that a device switched to another network and back.
	minReturns = 3
	// minSilentReturns replaces minReturns if the broker reported none of the returns as a
	// conflict. Each return is then inferred from a missing end event, which is weaker evidence:
	// some brokers send no end event in a takeover, but an end event may also have been lost.
	minSilentReturns = 2 * minReturns
)

// fight collects the takeovers that suggest that several parties are fighting over a client
// identifier. A party is identified by its address or its settings. A round lasts as long as each
// connection is taken over by a different party. Between two takeovers of a round, one connection
// may end in another way, provided that it lasted at most as long as the field within and that a
// party of the round made the next connection.
type fight[P comparable] struct {
	party  func(*history.Connection) P
	differ func(a, b P) bool // whether a and b are certainly different parties
	within time.Duration     // the maximum length of a connection whose takeover counts

	round     int
	seen      map[P]int    // party → the round in which it was last seen
	returns   []succession // takeovers by a party already seen in the same round
	conflicts int          // the number of elements of returns that the broker reported as conflicts
	paused    bool         // whether the previous connection of this round ended in another way
}

// search collects the takeovers of a history, and returns f.
func (f *fight[P]) search(in *input) *fight[P] {
	f.round, f.seen = 1, map[P]int{}
	for i := range in.Connections {
		f.step(in.succession(i))
	}
	return f
}

func (f *fight[P]) step(s succession) {
	if !s.takenOver(f.within) || !f.differ(f.party(s.ended), f.party(s.next)) {
		f.pause(s)
		return
	}
	f.paused = false
	f.seen[f.party(s.ended)] = f.round
	if f.seen[f.party(s.next)] == f.round {
		f.returns = append(f.returns, s)
		if s.ended.Kind == history.Conflict {
			f.conflicts++
		}
	}
}

// pause handles a connection that no other party took over. It continues the round if fight allows
// that, and otherwise begins a new one.
func (f *fight[P]) pause(s succession) {
	lasted, known := measured(s.ended)
	if f.paused || s.next == nil || !known || lasted > f.within {
		f.round++
		f.paused = false
		return
	}
	f.seen[f.party(s.ended)] = f.round
	if f.seen[f.party(s.next)] != f.round {
		f.round++
		return
	}
	f.paused = true
}

// isCertain reports whether there are enough returns to call them a fight.
func (f *fight[P]) isCertain() bool {
	return len(f.returns) >= minReturns && (f.conflicts > 0 || len(f.returns) >= minSilentReturns)
}

// isShared reports whether several parties fight over the client identifier.
func (in *input) isShared() bool { return in.places != nil || in.programs != nil }

// takenOver reports whether the next connection probably took over the session of the ended
// connection. All of the following must be true:
//
//   - The broker reported the end as a conflict, or it did not report the end, or it reported the
//     end without a reason at the moment when the next connection began.
//   - The ended connection lasted no longer than the parameter within.
//   - The source reports an end when it happens, and not up to a minute later.
func (s succession) takenOver(within time.Duration) bool {
	c := s.ended
	return s.next != nil && (c.Kind == history.Conflict || c.EndIs == history.Inferred || s.endedSilently()) &&
		!c.Start.IsZero() && c.End.Sub(c.Start) <= within && !broker.IsSnapshot(c.NativeEvent)
}

// endedSilently reports whether the broker reported the end without a reason, at most SameMoment
// before or after the next connection began.
func (s succession) endedSilently() bool {
	return s.ended.Kind == history.Unexplained && !broker.GivesReason(s.ended.Source, s.ended.NativeReason) &&
		!s.next.Start.IsZero() && s.next.Start.Sub(s.ended.End).Abs() <= history.SameMoment
}
