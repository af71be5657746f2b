package layout

import (
	"slices"
	"time"

	"devicetrace/pkg/objstore"
)

// Segment describes a segment in the listing of a partition.
type Segment struct {
	Key  string
	Size int64
	Name Name
	// Modified is when the segment was written, according to the store's clock.
	Modified time.Time
}

// Run lists the segments of one run in ascending order of their sequence numbers. Each
// segment contains all rows of the segments before it. A Run is never empty.
type Run []Segment

// Head returns the run's last segment. It contains all rows of the run, because each segment of a
// run repeats the rows of the segments before it.
func (r Run) Head() Segment { return r[len(r)-1] }

// SplitRuns splits segments, given in ascending order of their keys, into runs and compacted
// segments.
func SplitRuns(segments []Segment) (runs []Run, compacted []Segment) {
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

// Segments returns the segments in the listing of a partition, in the same order. It skips all
// objects whose keys are not segment keys.
func Segments(objects []objstore.Object) []Segment {
	var segments []Segment
	for _, o := range objects {
		if _, name, err := ParseKey(o.Key); err == nil {
			segments = append(segments, Segment{Key: o.Key, Size: o.Size, Name: name, Modified: o.Modified})
		}
	}
	return segments
}
