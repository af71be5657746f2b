// Package check re-reads a bucket through the store and proves its invariants: one
// layout, keys that parse, sound segments whose rows are in order, in their partition
// and where the footer leads a lookup, runs in which a higher object holds all of the
// lower ones, objects that have the digest they are named by.
//
// What always holds: it changes nothing, and it may run while others record and
// compact. A partition that loses an object while it is read is listed and read
// again. Every byte counts but the page indexes of fresh segments, which nothing of ours
// reads and no checksum covers. Memory is bounded by a row group and a block of two
// objects, the listing of one partition, and eight bytes for each event of it.
package check

import (
	"cmp"
	"context"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
)

// Store is what a check needs of an object store.
type Store interface {
	Read(ctx context.Context, key string, off, n int64) ([]byte, error)
	List(ctx context.Context, prefix, after string) (objstore.Page, error)
}

// Options of a check. The zero value checks all there is.
type Options struct {
	// Day leaves out the segments and the quarantine of all other UTC days.
	Day layout.Day
	// MaxFindings is how many violations and how many notes are kept; what is more is
	// counted. Default 1,000.
	MaxFindings int
	// Progress is told what was found so far, after each partition. Default none.
	Progress func(Report)
}

// Bucket reads the bucket once: for each object a request for each MiB, and again for
// what is larger than that; for each 1,000 objects a listing. Violations are no error: an
// error is one of the store, or a partition that kept changing, and the report is then
// of what was read before.
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

// each lists all objects below prefix, a page in memory at a time.
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

// markers proves that the bucket has one layout, or none yet.
func (c *checker) markers(ctx context.Context) error {
	return c.each(ctx, layout.MarkerPrefix, func(o objstore.Object) error {
		l, err := layout.ParseMarker(o.Key)
		switch {
		case err != nil:
			c.report.violate(o.Key, "it is no marker of a layout of this version")
		case c.report.Layout.Shards != 0:
			c.report.violate(o.Key, "there is another layout, %q", c.report.Layout.Marker())
		default:
			c.report.Layout = l
		}
		if o.Size != 0 {
			c.report.violate(o.Key, "it is not empty: %d bytes", o.Size)
		}
		return nil
	})
}
