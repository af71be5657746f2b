// Package check reads a whole bucket and verifies these invariants of the bucket:
//
//   - A bucket with segments has exactly one layout marker, and the marker is empty.
//   - Every segment is valid. Its rows are sorted and distinct, and they belong to its partition.
//     For each row, the footer leads a query to the row group that contains the row.
//   - Each object of a run contains all events of the run's earlier objects.
//   - Each compacted segment contains all events of the held segments that its footer names.
//   - The summaries of a compacted segment are exactly what its rows add up to.
//   - If the key of an object contains a digest, the object's bytes have that digest.
//   - A quarantined item is kept under the day on which it was received.
//
// A violation is a broken invariant. A note is anything else that an operator may want to know.
// Each violation and each note names an object or a prefix.
//
// The check itself has these invariants:
//
//   - A check changes nothing. It may run at the same time as recorders and compactors. If an
//     object of a partition disappears before it is read, the check lists and reads the partition
//     again. A partition that keeps changing is left out, and a note names it.
//   - A check cannot notice what nothing in the bucket contradicts: that an object whose rows no
//     other object holds was deleted, or that an object was moved or copied to another instance.
//     Rows do not contain their instance.
//   - A check verifies every byte of every segment except the index of a fresh segment if it is
//     damaged. Readers then use the footer.
//   - A check reads at most two segments at a time. For each of them, it holds the footer, one row
//     group and one block of 1 MiB in memory. It also holds the summaries of one segment, the sums
//     with which it compares them (up to about 16 MiB), the listing of one partition, and 8 to
//     16 bytes for each distinct event in the partition.
package check

import (
	"cmp"
	"context"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
)

// Store lists the methods of an object store that a check calls.
type Store interface {
	Read(ctx context.Context, key string, off, n int64) ([]byte, error)
	List(ctx context.Context, prefix, after string) (objstore.Page, error)
}

// Options configure a check. The zero value checks the whole bucket.
type Options struct {
	// Day restricts the check to the segments and the quarantined items of one UTC day. Empty
	// means all days.
	Day layout.Day
	// MaxFindings is the maximum number of violations that the report keeps, and also the maximum
	// number of notes. Further violations and notes are only counted. Default 1,000.
	MaxFindings int
	// Progress is called after each partition with the report so far. It may be nil.
	Progress func(Report)
}

// Bucket checks a bucket. It makes one list request per 1,000 objects, and at least three. It reads
// each quarantined item with one request, and each segment in one or more passes.
//
// One pass over a segment takes one read if the segment has up to 1 MiB. Otherwise, it takes up to
// two reads per MiB, plus a few for the footer. Each segment takes one pass to verify it, and more
// reads in these cases:
//
//   - Each object of a run is compared with the next object of the run, which takes one pass over
//     each of the two.
//   - The footer of a compacted segment is read once more, to check which segments it names.
//   - If an interrupted compaction left both its output and its inputs, each input is compared with
//     the output, which takes one pass over each of the two.
//
// Violations are part of the report, not an error; see Report.Err. Bucket returns an error if the
// store fails or if ctx is done. The report is then Incomplete, but covers everything that was
// checked before the error.
func Bucket(ctx context.Context, store Store, o Options) (Report, error) {
	o.MaxFindings = cmp.Or(o.MaxFindings, 1000)
	c := &checker{store: store, options: o, report: Report{limit: o.MaxFindings}}
	for _, step := range []func(context.Context) error{c.markers, c.events, c.quarantine} {
		if err := step(ctx); err != nil {
			c.report.Incomplete = true
			return c.report, err
		}
	}
	return c.report, nil
}

type checker struct {
	store   Store
	options Options
	report  Report
}

// markers verifies that the bucket has at most one layout marker, and that the marker is valid and
// empty.
func (c *checker) markers(ctx context.Context) error {
	for o, err := range objstore.Each(ctx, c.store, layout.MarkerPrefix, "") {
		if err != nil {
			return err
		}
		l, err := layout.ParseMarker(o.Key)
		switch {
		case err != nil:
			c.report.violate(o.Key, "the key is not a layout marker of this version; do not let another version write to this bucket")
		case c.report.Layout.Shards != 0:
			c.report.ambiguous = true
			c.report.violate(o.Key, "this is a second layout marker besides %q, and Device Trace refuses to work with two; remove the one that does not match the shards of the segments, or either if there are no segments", c.report.Layout.Marker())
		default:
			c.report.Layout = l
		}
		if o.Size != 0 {
			c.report.violate(o.Key, "the layout marker must be empty but has %s; put it again without content", counted(o.Size, "byte"))
		}
	}
	return nil
}
