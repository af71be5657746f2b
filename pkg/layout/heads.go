package layout

import (
	"slices"

	"devicetrace/pkg/objstore"
)

// Segment is an entry of a partition's listing whose name parses.
type Segment struct {
	Key  string
	Size int64
	Name Name
}

// Run is the fresh segments of one run that are listed, in ascending order of
// their sequence numbers: each holds all rows of those before it.
type Run []Segment

// Head is the run's last segment, which holds all of the run's rows.
func (r Run) Head() Segment { return r[len(r)-1] }

// Heads parts segments, which are in ascending order of their keys, into runs
// and compacted segments.
func Heads(segments []Segment) (runs []Run, compacted []Segment) {
	for _, s := range segments {
		switch {
		case !s.Name.Fresh():
			compacted = append(compacted, s)
		case len(runs) > 0 && runs[len(runs)-1].Head().Name.Run == s.Name.Run:
			last := &runs[len(runs)-1]
			*last = append(*last, s)
		default:
			runs = append(runs, Run{s})
		}
	}
	return runs, slices.Clip(compacted)
}

// Segments are the objects of a partition's listing whose names parse, in the
// listing's order. Foreign objects are passed over.
func Segments(objects []objstore.Object) []Segment {
	var segments []Segment
	for _, o := range objects {
		if _, name, err := ParseKey(o.Key); err == nil {
			segments = append(segments, Segment{Key: o.Key, Size: o.Size, Name: name})
		}
	}
	return segments
}
