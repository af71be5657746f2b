package check

import (
	"context"
	"errors"
	"io/fs"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/quarantine"
)

// quarantine checks that every object has the digest it is named by and is of its day.
func (c *checker) quarantine(ctx context.Context) error {
	prefix := layout.QuarantinePrefix
	if c.options.Day != "" {
		prefix = layout.QuarantineDayPrefix(c.options.Day)
	}
	return c.each(ctx, prefix, func(o objstore.Object) error {
		day, digest, err := layout.ParseQuarantineKey(o.Key)
		if err != nil {
			c.report.Foreign++
			c.report.note(o.Key, "it is not of this layout")
			return nil
		}
		item, err := quarantine.Get(ctx, c.store, quarantine.ID{Day: day, Digest: digest})
		switch {
		case errors.Is(err, fs.ErrNotExist): // its time was over
			return nil
		case errors.Is(err, quarantine.ErrDamaged):
			c.report.violate(o.Key, "%v", err)
		case err != nil:
			return err
		case layout.DayOf(item.ReceivedAt) != day:
			c.report.violate(o.Key, "it was received on %s", layout.DayOf(item.ReceivedAt))
		}
		c.report.Quarantined++
		return nil
	})
}
