package check

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
)

// maxListings is how often a partition is listed before the check gives up.
const maxListings = 6

// errUnsettled: objects of the partition were gone by the time they were read, each
// time that it was listed.
var errUnsettled = errors.New("the partition keeps changing while it is checked")

// listed is the segments of one partition.
type listed struct {
	where    layout.Partition
	segments []layout.Segment
}

// events checks partition by partition, as they are listed.
func (c *checker) events(ctx context.Context) error {
	var partition listed
	err := c.each(ctx, layout.EventsPrefix, func(o objstore.Object) error {
		where, name, err := layout.ParseKey(o.Key)
		if err != nil {
			c.report.Foreign++
			c.report.note(o.Key, "it is not of this layout")
			return nil
		}
		if c.options.Day != "" && where.Day != c.options.Day {
			return nil
		}
		if where != partition.where {
			if err := c.settle(ctx, partition); err != nil {
				return err
			}
			partition = listed{where: where}
		}
		partition.segments = append(partition.segments, layout.Segment{Key: o.Key, Size: o.Size, Name: name})
		return nil
	})
	if err == nil {
		err = c.settle(ctx, partition)
	}
	if c.report.Objects > 0 && c.report.Layout.Shards == 0 {
		c.report.violate(layout.MarkerPrefix, "there are segments, but no layout")
	}
	return err
}

// settle checks a partition, again from a new listing where an object of the last one
// was gone: compaction deletes what it superseded.
func (c *checker) settle(ctx context.Context, p listed) error {
	for range maxListings {
		if len(p.segments) == 0 {
			return nil
		}
		found, err := c.partition(ctx, p)
		if err == nil {
			c.report.add(found)
			if c.options.Progress != nil {
				c.options.Progress(c.report)
			}
			return nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("check partition %s: %w", p.where, err)
		}
		objects, err := objstore.All(ctx, c.store, p.where.Prefix(), "")
		if err != nil {
			return err
		}
		p.segments = layout.Segments(objects)
	}
	return fmt.Errorf("check partition %s: %w", p.where, errUnsettled)
}
