package diagnose

import (
	"slices"
	"time"

	"devicetrace/pkg/history"
)

// overAfter is how long the open connection must have lasted for what went wrong before
// to be over, for the time being.
const overAfter = 6 * time.Hour

// isOver reports whether what happened at some instants, in order, has stopped: the
// connection that is open began after that, and has lasted for hours and for longer than
// it was between any two of them. What happens while it is open, such as refused logins,
// may mean that it is no more.
func (r *record) isOver(when []time.Time) bool {
	began := r.Status.Since.Time
	if r.Status.State != history.Online || len(when) == 0 || when[len(when)-1].Sub(began) > history.SameMoment {
		return false
	}
	lasts := r.Span.To.Sub(began)
	return lasts >= overAfter && lasts > longestGap(when)
}

func longestGap(when []time.Time) time.Duration {
	var longest time.Duration
	for i := 1; i < len(when); i++ {
		longest = max(longest, when[i].Sub(when[i-1]))
	}
	return longest
}

// timing says when something happened, and whether it is over.
func (r *record) timing(when []time.Time) []saying {
	if len(when) == 0 {
		return nil
	}
	first, last := when[0], when[len(when)-1]
	says := []saying{{happenedOnce, values{"last": moment(last)}}}
	if len(when) > 1 {
		says[0] = saying{happenedOften, values{"first": moment(first), "last": moment(last)}}
	}
	if r.isOver(when) {
		says = append(says, saying{notSince, values{"since": moment(r.Status.Since.Time)}})
	}
	return says
}

// inOrder are the times of things.
func inOrder[T any](things []T, timeOf func(T) time.Time) []time.Time {
	when := make([]time.Time, len(things))
	for i, thing := range things {
		when[i] = timeOf(thing)
	}
	slices.SortFunc(when, time.Time.Compare)
	return when
}
