package check

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
)

// foreignKey is the report's note about an object whose key does not belong to the layout.
const foreignKey = "the key does not belong to the layout; Device Trace ignores this object"

// maxAttempts is the maximum number of attempts to check a partition. Each attempt uses a new
// listing of the partition.
const maxAttempts = 6

// listing holds a partition and the segments that were listed in it.
type listing struct {
	where    layout.Partition
	segments []layout.Segment
}

// events checks the segments, one partition after another.
func (c *checker) events(ctx context.Context) error {
	var partition listing
	for o, err := range objstore.Each(ctx, c.store, layout.EventsPrefix, "") {
		if err != nil {
			return err
		}
		where, name, err := layout.ParseKey(o.Key)
		if err != nil {
			c.report.Foreign++
			c.report.note(o.Key, foreignKey)
			continue
		}
		if c.options.Day != "" && where.Day != c.options.Day {
			continue
		}
		if where != partition.where {
			if err := c.settle(ctx, partition); err != nil {
				return err
			}
			partition = listing{where: where}
		}
		partition.segments = append(partition.segments, layout.Segment{Key: o.Key, Size: o.Size, Name: name})
	}
	if err := c.settle(ctx, partition); err != nil {
		return err
	}
	if c.report.Objects > 0 && c.report.Layout.Shards == 0 {
		c.report.violate(layout.MarkerPrefix, "there are segments but no layout marker, so queries find nothing; put the empty marker back, such as %q for 16 shards", layout.Layout{Shards: 16}.Marker())
	}
	return nil
}

// settle checks a partition and adds the findings to the report. If a listed object is missing,
// usually because a recorder or a compaction has deleted it as superseded, settle lists the
// partition and checks it again. After maxAttempts, it gives up and adds a note.
func (c *checker) settle(ctx context.Context, l listing) error {
	for attempt := range maxAttempts {
		if attempt > 0 {
			objects, err := objstore.All(ctx, c.store, l.where.Prefix(), "")
			if err != nil {
				return err
			}
			l.segments = layout.Segments(objects)
		}
		if len(l.segments) == 0 {
			return nil
		}
		found, err := c.partition(ctx, l)
		if err == nil {
			c.report.add(found)
			c.progress()
			return nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("check partition %s: %w", l.where, err)
		}
	}
	c.report.Unsettled++
	c.report.note(l.where.Prefix(), "the partition kept changing while it was checked, so it is not part of this report; run the check again")
	return nil
}

func (c *checker) progress() {
	if c.options.Progress != nil {
		c.options.Progress(c.report)
	}
}
