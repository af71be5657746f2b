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

// object checks one segment, and adds it to p.readable if the whole segment can be read. It returns
// an error only if the store fails.
func (p *partition) object(ctx context.Context, s layout.Segment) error {
	blocks := &blockReader{store: p.store, key: s.Key, size: s.Size}
	rows, err := p.rows(ctx, blocks, s)
	if err == nil && !s.Name.Fresh() {
		err = p.digest(ctx, blocks, s)
	}
	switch {
	case err == nil:
		p.readable[s.Key] = true
	case errors.Is(err, segment.ErrCorrupt), errors.Is(err, objstore.ErrRange):
		p.report.violate(s.Key, "%v", err)
	default:
		return err
	}
	p.report.count(s, rows)
	return nil
}

// rows streams the segment, checks each row and returns the number of rows. If it cannot read all
// rows, it returns zero and an error.
func (p *partition) rows(ctx context.Context, blocks *blockReader, s layout.Segment) (int64, error) {
	stream, err := openStream(ctx, blocks, s)
	if err != nil {
		return 0, err
	}
	defer stream.close()
	if err := p.ends(ctx, blocks, s, stream); err != nil {
		return 0, err
	}
	summaries, err := p.openSummaries(ctx, blocks, s)
	if err != nil {
		return 0, err
	}
	defer summaries.close()
	found := defects{}
	var last segment.Row
	for n := int64(0); ; n++ {
		row, err := stream.next(ctx)
		if err != nil {
			return 0, err
		}
		if row == nil {
			found.report(&p.report, s.Key)
			summaries.finish(&p.report, s.Key, n)
			return n, nil
		}
		if n > 0 {
			found.noteIf(last.SameEvent(row), "it holds an event twice")
		}
		found.noteIf(partitionOf(row, p.where) != p.where, "it holds rows of another partition, where queries do not look for them")
		found.noteIf(!stream.leadsTo(row), "its footer does not lead to all of its rows, so queries miss some")
		p.events.add(row.Identity())
		summaries.add(row)
		last = *row
	}
}

// ends checks that the segment begins with the magic, and checks its index. If the segment is
// compacted, ends also checks the length of the footer, and the offset at which the row groups end.
func (p *partition) ends(ctx context.Context, blocks *blockReader, s layout.Segment, stream *rowStream) error {
	const magic = "PAR1"
	start, err := blocks.Read(ctx, s.Key, 0, int64(len(magic)))
	if err != nil {
		return err
	}
	if string(start) != magic {
		p.report.violate(s.Key, "it does not begin with %q, as Parquet files do", magic)
	}
	sound, err := p.index(ctx, blocks, s)
	if !sound || s.Name.Fresh() {
		return err
	}
	if s.Name.FooterLength != stream.footerLength {
		p.report.violate(s.Key, "its footer has %d bytes, but its name states %d", stream.footerLength, s.Name.FooterLength)
	}
	if end, start := stream.end(), summariesStart(s, stream.footerLength); end != start {
		p.report.violate(s.Key, "its row groups end at byte %d, but its summaries or its index begin at byte %d", end, start)
	}
	return nil
}

// index reports whether the segment's index is sound: it must equal the footer. A segment without
// an index passes, and so does a fresh segment with a damaged index.
func (p *partition) index(ctx context.Context, blocks *blockReader, s layout.Segment) (bool, error) {
	object := segment.Object{Key: s.Key, Size: s.Size, FooterLength: s.Name.FooterLength, IndexLength: s.Name.IndexLength}
	_, err := segment.OpenBoth(ctx, blocks, object)
	if errors.Is(err, segment.ErrCorrupt) {
		p.report.violate(s.Key, "queries cannot use its index: %v", err)
		return false, nil
	}
	return err == nil, err
}

// summariesStart returns the offset at which the summaries of a compacted segment begin. If there
// are no summaries, it returns the offset of the index.
func summariesStart(s layout.Segment, footerLength int64) int64 {
	return s.Size - footerLength - s.Name.IndexLength - s.Name.MinutesLength - s.Name.DropsLength - s.Name.DevicesLength
}

// partitionOf returns the partition to which the row belongs. found is the partition in which the
// row was found. It determines the instance and, by the number of digits in its shard, the layout.
func partitionOf(row *segment.Row, found layout.Partition) layout.Partition {
	l := layout.Layout{Shards: 1 << (4 * len(found.Shard))}
	return l.PartitionOf(found.Instance, event.ClientID(row.ClientID), time.UnixMilli(row.Time))
}

// defects lists the kinds of defects found in an object's rows, without duplicates.
type defects []string

// noteIf adds a description to the list if found is true and the list does not contain it yet.
func (d *defects) noteIf(found bool, what string) {
	if found && !slices.Contains(*d, what) {
		*d = append(*d, what)
	}
}

// report reports each defect as a violation of the object under key.
func (d defects) report(r *Report, key string) {
	for _, what := range d {
		r.violate(key, "%s", what)
	}
}

// digest compares the digest of a compacted segment with the digest in the segment's name, and
// reports a violation if they differ.
func (p *partition) digest(ctx context.Context, blocks *blockReader, s layout.Segment) error {
	sum := sha256.New()
	for off := int64(0); off < s.Size; off += blockBytes {
		block, err := blocks.Read(ctx, s.Key, off, min(blockBytes, s.Size-off))
		if err != nil {
			return err
		}
		sum.Write(block)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != s.Name.Digest {
		p.report.violate(s.Key, "its bytes have the SHA-256 digest %s, not the one in its name", got)
	}
	return nil
}

// rowStream streams the rows of a segment.
type rowStream struct {
	cursor       *segment.Cursor
	footer       *segment.Footer
	footerLength int64
	group        int   // the index of the current row group; -1 before the first row
	left         int64 // number of remaining rows in the current row group
}

func openStream(ctx context.Context, blocks *blockReader, s layout.Segment) (*rowStream, error) {
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
	return &rowStream{cursor: segment.OpenCursor(blocks, object, footer), footer: footer, footerLength: length, group: -1}, nil
}

// end returns the offset at which the last row group ends.
func (s *rowStream) end() int64 {
	groups := s.footer.Groups()
	if len(groups) == 0 {
		return 0
	}
	last := groups[len(groups)-1]
	return last.Offset + last.Length
}

// next returns the next row. After the last row, it verifies that the rows match the footer and
// returns a nil row.
func (r *rowStream) next(ctx context.Context) (*segment.Row, error) {
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

// leadsTo reports whether a query for the row's client and time would read the row group that
// contains the row. The row must be the one that the latest call to r.next returned.
func (r *rowStream) leadsTo(row *segment.Row) bool {
	at := r.footer.Groups()[r.group].Offset
	return slices.ContainsFunc(r.footer.GroupsOf(event.ClientID(row.ClientID), row.Time, row.Time),
		func(g segment.Group) bool { return g.Offset == at })
}

func (r *rowStream) close() { r.cursor.Close() }
