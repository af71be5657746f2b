package oss

import (
	"net/http"
	"strconv"
	"strings"
)

// slice is the part of an object that an answer carries.
type slice struct {
	off, n  int64
	partial bool
}

func (s slice) status() int {
	if s.partial {
		return http.StatusPartialContent
	}
	return http.StatusOK
}

// sliceOf reads the Range header. A range that does not fit means, as the sender
// asks, what the standard says (it is cut, or refused if nothing is left), or what
// this service says by default: the whole object, as if there were no such header.
func sliceOf(r *http.Request, size int64) (slice, error) {
	whole := slice{0, size, false}
	header := r.Header.Get("Range")
	if header == "" {
		return whole, nil
	}
	first, last, ok := parseRange(header, size)
	switch {
	case !ok:
		return whole, nil
	case first >= 0 && first < size && last < size:
		return slice{first, last - first + 1, true}, nil
	case r.Header.Get("X-Oss-Range-Behavior") != "standard":
		return whole, nil
	case first >= size:
		return slice{}, answer(http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The requested range cannot be satisfied.")
	}
	first, last = max(first, 0), min(last, size-1)
	return slice{first, last - first + 1, true}, nil
}

// parseRange understands bytes=a-b, bytes=a- and bytes=-n. The result may lie
// outside the object on either side.
func parseRange(header string, size int64) (first, last int64, ok bool) {
	text, ok := strings.CutPrefix(header, "bytes=")
	from, to, dash := strings.Cut(text, "-")
	if !ok || !dash {
		return 0, 0, false
	}
	a, errA := strconv.ParseInt(from, 10, 64)
	b, errB := strconv.ParseInt(to, 10, 64)
	switch {
	case from == "" && errB == nil && b > 0:
		return size - b, size - 1, true
	case to == "" && errA == nil && a >= 0:
		return a, max(a, size-1), true
	case errA == nil && errB == nil && 0 <= a && a <= b:
		return a, b, true
	}
	return 0, 0, false
}
