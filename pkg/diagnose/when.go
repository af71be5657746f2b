package diagnose

import (
	"time"

	"devicetrace/pkg/history"
)

// overAfter is the minimum time that the client must have stayed connected for earlier trouble to
// count as over.
const overAfter = 6 * time.Hour

// isOver reports whether trouble that occurred at the given times is over. The times must be
// sorted. The trouble is over if the client is online on a connection that meets three conditions:
//
//   - The connection began after the last of the times, or at most SameMoment before it. Trouble
//     that occurs during a connection, such as a refused login, may mean that the connection is
//     already dead.
//   - The connection has lasted at least overAfter.
//   - The connection has lasted longer than the longest gap between two consecutive times.
func (in *input) isOver(when []history.Instant) bool {
	start := in.Status.Since
	if in.Status.State != history.Online || len(when) == 0 || when[len(when)-1].Sub(start) > history.SameMoment {
		return false
	}
	lasted := in.to.Sub(start)
	return lasted >= overAfter && lasted > longestGap(when)
}

func longestGap(when []history.Instant) time.Duration {
	var longest time.Duration
	for i := 1; i < len(when); i++ {
		longest = max(longest, when[i].Sub(when[i-1]))
	}
	return longest
}

// timing returns sentences that say when something happened, and whether it is over.
func (in *input) timing(when []history.Instant) []sentence {
	sentences := in.happened(when)
	if in.isOver(when) {
		sentences = append(sentences, sentence{notSince, values{"since": moment(in.Status.Since)}})
	}
	return sentences
}

// happened returns sentences that say when something happened. If the span was cut, they also say
// which events were examined.
func (in *input) happened(when []history.Instant) []sentence {
	var found []sentence
	switch n := len(when); {
	case n > 1 && in.isCut():
		return []sentence{{happenedSince, values{"cut": moment(in.from), "first": moment(when[0]), "last": moment(when[n-1])}}}
	case n > 1:
		found = append(found, sentence{happenedOften, values{"first": moment(when[0]), "last": moment(when[n-1])}})
	case n == 1:
		found = append(found, sentence{happenedOnce, values{"last": moment(when[0])}})
	}
	if in.isCut() {
		found = append(found, sentence{examinedSince, values{"cut": moment(in.from)}})
	}
	return found
}
