package record

import "devicetrace/pkg/segment"

// maxEncoders is the maximum number of segments that a writer encodes at the same time. Encoding a
// segment takes several megabytes of memory, and a function has too few processors to gain from a
// larger number.
const maxEncoders = 4

// encodeSegment encodes the rows of a run. Tests replace it to make it fail.
var encodeSegment = segment.Encode

// encode adds rows to the run and returns a segment with all rows of the run. If maxEncoders
// segments are already being encoded, encode first waits for one of them.
func (w *Writer) encode(r *run, rows []segment.Row) ([]byte, error) {
	w.encoders <- struct{}{}
	defer func() { <-w.encoders }()
	r.rows = segment.Union(r.rows, rows)
	return encodeSegment(r.rows)
}
