package check

import (
	"context"
	"errors"
	"io/fs"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/quarantine"
)

// quarantine verifies that the digest and the day in each item's key match the item.
func (c *checker) quarantine(ctx context.Context) error {
	prefix := layout.QuarantinePrefix
	if c.options.Day != "" {
		prefix = layout.QuarantineDayPrefix(c.options.Day)
	}
	for o, err := range objstore.Each(ctx, c.store, prefix, "") {
		if err != nil {
			return err
		}
		day, digest, err := layout.ParseQuarantineKey(o.Key)
		if err != nil {
			c.report.Foreign++
			c.report.note(o.Key, foreignKey)
			continue
		}
		id := quarantine.ID{Day: day, Digest: digest}
		item, err := quarantine.Read(ctx, c.store, quarantine.Entry{ID: id, Size: o.Size})
		switch {
		case errors.Is(err, fs.ErrNotExist): // the item has expired
			continue
		case errors.Is(err, quarantine.ErrDamaged):
			c.report.violate(o.Key, "%v", err)
		case err != nil:
			return err
		case layout.DayOf(item.ReceivedAt) != day:
			c.report.violate(o.Key, "it was received on %s, which is not the day in its key", layout.DayOf(item.ReceivedAt))
		}
		c.report.Quarantined++
	}
	return nil
}
