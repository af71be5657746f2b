package check

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/segment"
	"devicetrace/pkg/summary"
)

// summaries adds up the rows of a segment and compares the sums with the segment's summaries. The
// methods of a nil *summaries do nothing.
type summaries struct {
	fold    *summary.Fold
	stored  summary.Sums
	devices *summary.DeviceTable // nil if the segment has no summary of devices
	next    func() (*summary.Device, error, bool)
	stop    func()
	differs string // how the devices differ, or empty
}

// openSummaries reads the summaries of a segment. If the segment has none, it returns nil. If they
// are not valid, it reports a violation and returns nil.
func (p *partition) openSummaries(ctx context.Context, blocks *blockReader, s layout.Segment) (*summaries, error) {
	if !s.Name.HasSummaries() {
		return nil, nil
	}
	found, err := readSummaries(ctx, blocks, s)
	if errors.Is(err, segment.ErrCorrupt) {
		p.report.violate(s.Key, "its summaries cannot be read: %v", err)
		return nil, nil
	}
	return found, err
}

func readSummaries(ctx context.Context, blocks *blockReader, s layout.Segment) (*summaries, error) {
	c := &summaries{fold: summary.NewFold(false), stop: func() {}}
	stored, err := readSummary(ctx, blocks, s.Key, s.Name.Minutes(s.Size), summary.DecodeMinutes)
	if err != nil {
		return nil, err
	}
	if stored.Vicinities, err = readSummary(ctx, blocks, s.Key, s.Name.Drops(s.Size), summary.DecodeDrops); err != nil {
		return nil, err
	}
	if c.stored = *stored; stored.Totals == nil {
		return c, nil
	}
	c.fold = summary.NewDeviceFold(c.compareDevice)
	if s.Name.DevicesLength == 0 {
		return c, nil
	}
	if c.devices, err = readSummary(ctx, blocks, s.Key, s.Name.Devices(s.Size), summary.OpenDevices); err != nil {
		return nil, err
	}
	c.next, c.stop = iter.Pull2(c.devices.All())
	return c, nil
}

// readSummary reads and decodes one summary of the segment under key.
func readSummary[T any](ctx context.Context, blocks *blockReader, key string, r layout.Range, decode func([]byte) (T, error)) (decoded T, err error) {
	if r.Length == 0 {
		return decoded, fmt.Errorf("%w: the lengths in its name exceed its size", segment.ErrCorrupt)
	}
	data, err := blocks.Read(ctx, key, r.Offset, r.Length)
	if err != nil {
		return decoded, err
	}
	return decode(data)
}

// compareDevice compares a device with the next stored one.
func (c *summaries) compareDevice(d *summary.Device) {
	if c.devices == nil || c.differs != "" {
		return
	}
	stored, err, ok := c.next()
	switch {
	case !ok:
		c.differs = fmt.Sprintf("its devices lack %q", d.ClientID)
	case err != nil:
		c.differs = fmt.Sprintf("its devices cannot be read: %v", err)
	case *stored != *d:
		c.differs = fmt.Sprintf("its devices differ from its rows: the rows add up to %+v, but the summary has %+v", *d, *stored)
	}
}

// add adds the next row of the segment.
func (c *summaries) add(r *segment.Row) {
	if c != nil {
		c.fold.Add(r)
	}
}

// close ends the iteration over the stored devices.
func (c *summaries) close() {
	if c != nil {
		c.stop()
	}
}

// finish compares the sums of all rows with the summaries and reports the differences.
func (c *summaries) finish(r *Report, key string, rows int64) {
	if c == nil {
		return
	}
	sums := c.fold.Sums()
	var events int64
	for _, cell := range c.stored.Cells {
		events += cell.Events
	}
	if events != rows {
		r.violate(key, "its minutes count %s, but it has %s", counted(int(events), "event"), counted(int(rows), "row"))
	}
	if what := firstDifference(c.stored.Cells, sums.Cells, func(a, b summary.Cell) bool { return a == b }); what != "" {
		r.violate(key, "its minutes differ from its rows: %s", what)
	}
	if what := firstDifference(c.stored.Vicinities, sums.Vicinities, equalVicinities); what != "" {
		r.violate(key, "its drops differ from its rows: %s", what)
	}
	if c.stored.Totals != nil && !c.stored.Totals.Equal(sums.Totals) {
		r.violate(key, "its totals differ from its rows: they should be %+v, but are %+v", *sums.Totals, *c.stored.Totals)
	}
	c.finishDevices()
	if c.differs != "" {
		r.violate(key, "%s", c.differs)
	}
}

// finishDevices checks that the summary has no more devices than the rows.
func (c *summaries) finishDevices() {
	if c.devices == nil || c.differs != "" {
		return
	}
	switch more, err, ok := c.next(); {
	case !ok:
	case err != nil:
		c.differs = fmt.Sprintf("its devices cannot be read: %v", err)
	default:
		c.differs = fmt.Sprintf("its devices include %q, for which it has no rows", more.ClientID)
	}
}

func equalVicinities(a, b summary.Vicinity) bool {
	return a.Minute == b.Minute && a.Connected == b.Connected && a.Dropped == b.Dropped && a.Refused == b.Refused &&
		slices.Equal(a.Sample, b.Sample)
}

// firstDifference describes the first difference between stored and want. If they are equal, it
// returns an empty string.
func firstDifference[T any](stored, want []T, equal func(a, b T) bool) string {
	for i := range min(len(stored), len(want)) {
		if !equal(stored[i], want[i]) {
			return fmt.Sprintf("number %d should be %+v, but is %+v", i+1, want[i], stored[i])
		}
	}
	if len(stored) != len(want) {
		return fmt.Sprintf("there should be %d of them, but there are %d", len(want), len(stored))
	}
	return ""
}
