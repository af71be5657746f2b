package webhook

import (
	"net/http"
	"sync/atomic"

	"devicetrace/pkg/record"
)

// room bounds the memory of requests in work, by the bytes of their bodies: events
// take several times as much as the text that they come in. Whoever finds none is
// refused before his body is read, so that a refusal costs next to nothing. It is safe for concurrent
// use.
type room struct {
	size  int64
	taken atomic.Int64
}

// enter takes n bytes, or reports record.ErrBusy at once. While nobody else is in, a
// request may take more than there is.
func (r *room) enter(n int64) error {
	if r.taken.Add(n) > max(r.size, n) {
		r.taken.Add(-n)
		return record.ErrBusy
	}
	return nil
}

// leave gives back what enter took.
func (r *room) leave(n int64) {
	r.taken.Add(-n)
}

const (
	// leastWeight is what a request takes beside its body, in bytes.
	leastWeight = 8 << 10
	// unsaidLength is what a body is taken for whose length is not said: brokers send less.
	unsaidLength = 1 << 20
	// unpacking is how many times longer a packed body is taken to become.
	unpacking = 10
)

// weightOf is the room that a request needs, in bytes.
func weightOf(r *http.Request) int64 {
	length := min(r.ContentLength, maxBody)
	if length < 0 {
		length = unsaidLength
	}
	if encoding := encodingOf(r); encoding != "" && encoding != "identity" {
		length = min(length*unpacking, maxBody)
	}
	return leastWeight + length
}
