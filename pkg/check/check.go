// Package check reads a whole bucket through the store and verifies its invariants:
//
//   - The bucket has one layout, and its keys parse.
//   - Segments are sound. Their rows are sorted, belong to their partition, and lie where the
//     footer leads a lookup.
//   - Each object of a run holds all events of the run's lower objects.
//   - Objects that are named by a digest have that digest.
//
// A violation is a broken invariant; a note is something else that an operator may want to
// know. Both name an object or a prefix.
//
// What always holds:
//
//   - A check changes nothing and may run while others record and compact. A partition that
//     loses an object while it is read is listed and read again.
//   - Every byte is verified, except the page indexes of fresh segments, which Device Trace
//     does not read and no checksum covers.
//   - Memory is bounded by a row group and a block of two objects, the listing of one
//     partition, and eight bytes for each of its events.
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
	// Day restricts the check to the segments and the quarantine of one UTC day. Empty means
	// all days.
	Day layout.Day
	// MaxFindings is the maximum number of violations to keep, and of notes. Further ones
	// are only counted. Default 1,000.
	MaxFindings int
	// Progress receives the report so far after each partition. Default none.
	Progress func(Report)
}

// Bucket checks a bucket. It makes one list request for each 1,000 objects, and one read for
// each MiB of an object. It reads the blocks of a larger object more than once.
//
// Violations are part of the report, not an error; see Report.Err. Bucket returns an error of
// the store or of ctx, or an error if a partition keeps changing. The report then covers the
// part of the bucket that was checked before.
func Bucket(ctx context.Context, store Store, o Options) (Report, error) {
	o.MaxFindings = cmp.Or(o.MaxFindings, 1000)
	c := &checker{store: store, options: o, report: Report{limit: o.MaxFindings}}
	for _, step := range []func(context.Context) error{c.markers, c.events, c.quarantine} {
		if err := step(ctx); err != nil {
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

// each calls do for every object below prefix. It holds one listing page in memory.
func (c *checker) each(ctx context.Context, prefix string, do func(objstore.Object) error) error {
	for after := ""; ; {
		page, err := c.store.List(ctx, prefix, after)
		if err != nil {
			return err
		}
		for _, o := range page.Objects {
			if err := do(o); err != nil {
				return err
			}
			after = o.Key
		}
		if !page.More || len(page.Objects) == 0 {
			return nil
		}
	}
}

// markers verifies that the bucket has at most one layout.
func (c *checker) markers(ctx context.Context) error {
	return c.each(ctx, layout.MarkerPrefix, func(o objstore.Object) error {
		l, err := layout.ParseMarker(o.Key)
		switch {
		case err != nil:
			c.report.violate(o.Key, "the key is not a layout marker of this version; do not let another version write to this bucket")
		case c.report.Layout.Shards != 0:
			c.report.violate(o.Key, "this is a second layout marker besides %q, and Device Trace refuses to work with two; remove the one that does not match the shards of the segments", c.report.Layout.Marker())
		default:
			c.report.Layout = l
		}
		if o.Size != 0 {
			c.report.violate(o.Key, "the layout marker must be empty but has %s; put it again without content", counted(o.Size, "byte"))
		}
		return nil
	})
}
