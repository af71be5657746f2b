package check

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"time"

	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/segment"
)

// object checks one segment and reports whether its rows can be read. The error is one
// of the store.
func (p *partition) object(ctx context.Context, s layout.Segment) (sound bool, err error) {
	blocks := &blocks{store: p.store, key: s.Key, size: s.Size}
	rows, err := p.rows(ctx, blocks, s)
	switch {
	case err == nil:
		sound = true
	case errors.Is(err, segment.ErrCorrupt), errors.Is(err, objstore.ErrRange):
		p.report.violate(s.Key, "%v", err)
	default:
		return false, err
	}
	if !s.Name.Fresh() {
		if err := p.digest(ctx, blocks, s); err != nil {
			return false, err
		}
	}
	p.report.count(s, rows)
	return sound, nil
}

// rows streams the segment and checks row by row. Its number of rows is zero where it
// is not sound.
func (p *partition) rows(ctx context.Context, blocks *blocks, s layout.Segment) (int64, error) {
	stream, err := open(ctx, blocks, s)
	if err != nil {
		return 0, err
	}
	defer stream.close()
	if !s.Name.Fresh() && s.Name.FooterLength != stream.footerLength {
		p.report.violate(s.Key, "its footer has %d bytes, not those of its name", stream.footerLength)
	}
	const magic = "PAR1"
	if start, err := blocks.Read(ctx, s.Key, 0, int64(len(magic))); err != nil {
		return 0, err
	} else if string(start) != magic {
		p.report.violate(s.Key, "it does not begin as a Parquet file")
	}
	wrong := faults{}
	var last segment.Row
	for n := int64(0); ; n++ {
		row, err := stream.next(ctx)
		if err != nil {
			return 0, err
		}
		if row == nil {
			wrong.report(&p.report, s.Key)
			return n, nil
		}
		if n > 0 {
			wrong.note(last.Compare(row) > 0, "rows are out of order")
			wrong.note(last.SameEvent(row), "an event is in it twice")
		}
		wrong.note(partitionOf(row, p.where.Shard) != p.where, "rows are of another partition")
		wrong.note(!stream.leadsTo(row), "its footer does not lead to rows of it")
		p.events.add(row.Identity())
		last = *row
	}
}

// partitionOf is the row's partition in a layout with shards of as many digits.
func partitionOf(row *segment.Row, shard layout.Shard) layout.Partition {
	return layout.Layout{Shards: 1 << (4 * len(shard))}.PartitionOf(event.ClientID(row.ClientID), time.UnixMilli(row.Time))
}

// faults are what is wrong with rows of one object, each said once.
type faults []string

func (f *faults) note(wrong bool, what string) {
	if wrong && !slices.Contains(*f, what) {
		*f = append(*f, what)
	}
}

func (f faults) report(r *Report, key string) {
	for _, what := range f {
		r.violate(key, "%s", what)
	}
}

// digest compares a compacted segment's bytes with its name.
func (p *partition) digest(ctx context.Context, blocks *blocks, s layout.Segment) error {
	sum := sha256.New()
	for off := int64(0); off < s.Size; off += blockBytes {
		part, err := blocks.Read(ctx, s.Key, off, min(blockBytes, s.Size-off))
		if errors.Is(err, objstore.ErrRange) {
			return nil // it was reported
		}
		if err != nil {
			return err
		}
		sum.Write(part)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != s.Name.Digest {
		p.report.violate(s.Key, "its bytes have the digest %s", got)
	}
	return nil
}

// rows streams a segment.
type rows struct {
	cursor       *segment.Cursor
	footer       *segment.Footer
	footerLength int64
	group        int   // of the row group under way
	left         int64 // rows of it
}

func openRows(ctx context.Context, store Store, s layout.Segment) (*rows, error) {
	return open(ctx, &blocks{store: store, key: s.Key, size: s.Size}, s)
}

func open(ctx context.Context, blocks *blocks, s layout.Segment) (*rows, error) {
	const endBytes = 8 // the footer's length and the magic
	end, err := blocks.Read(ctx, s.Key, max(0, s.Size-endBytes), min(endBytes, s.Size))
	if err != nil {
		return nil, err
	}
	length, err := segment.FooterLength(end, s.Size)
	if err != nil {
		return nil, err
	}
	object := segment.Object{Key: s.Key, Size: s.Size, FooterLength: length}
	footer, err := segment.OpenFooter(ctx, blocks, object)
	if err != nil {
		return nil, err
	}
	return &rows{cursor: segment.OpenCursor(blocks, object, footer), footer: footer, footerLength: length, group: -1}, nil
}

// next is nil after the last row, once all of them were what the footer says.
func (r *rows) next(ctx context.Context) (*segment.Row, error) {
	row, err := r.cursor.Next(ctx)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for r.left == 0 {
		r.group++
		r.left = r.footer.Groups()[r.group].Rows
	}
	r.left--
	return row, nil
}

// leadsTo reports whether a lookup of the row that came last would read its row group.
func (r *rows) leadsTo(row *segment.Row) bool {
	at := r.footer.Groups()[r.group].Offset
	return slices.ContainsFunc(r.footer.GroupsOf(event.ClientID(row.ClientID), row.Time, row.Time),
		func(g segment.Group) bool { return g.Offset == at })
}

func (r *rows) close() { r.cursor.Close() }
