package compact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"devicetrace/pkg/objstore"
	"devicetrace/pkg/segment"
)

// merge carries out a plan to merge segments. It stages the output on local disk, puts it into the
// store and reads it back. It then deletes the superseded segments.
//
// A crash before the deletes leaves both the inputs and the output in the store, but readers show
// each row only once. A later call to Run finishes the merge.
func (p *partition) merge(ctx context.Context, plan Plan) error {
	staged, err := p.stage(ctx, plan)
	if err != nil {
		return err
	}
	defer staged.discard()
	output := staged.segment(plan)
	if err := p.store.Put(ctx, output.Key, staged.file, output.Size); err != nil {
		return fmt.Errorf("put segment %q: %w", output.Key, err)
	}
	if err := p.confirm(ctx, output); err != nil {
		return fmt.Errorf("confirm output: %w", err)
	}
	p.report.Merges++
	p.report.Inputs += len(plan.Inputs)
	p.report.Rows += staged.written.Digest.Rows
	p.report.Bytes += output.Size
	p.listing = p.listing.with(output)
	return p.deleteSuperseded(ctx, plan.Superseded)
}

// finish carries out a plan to finish an earlier merge. It verifies the output of that merge, and
// deletes the segments that the output holds.
//
// The deletes lose no rows. The output's bytes match the digest in its key, so a compactor wrote
// exactly these bytes, after it had read and checked the segments. A segment's key determines its
// rows, so an object that is now under such a key has either the same rows or damage.
func (p *partition) finish(ctx context.Context, plan Plan) error {
	if err := p.confirm(ctx, plan.Holder); err != nil {
		return err
	}
	p.report.Finished++
	return p.deleteSuperseded(ctx, plan.Superseded)
}

// deleteSuperseded deletes exactly the objects under the given keys and forgets them, even if they
// were reported as unreadable. One request deletes up to objstore.MaxPage objects.
func (p *partition) deleteSuperseded(ctx context.Context, keys []string) error {
	for some := range slices.Chunk(keys, objstore.MaxPage) {
		if err := p.store.Delete(ctx, some...); err != nil {
			return fmt.Errorf("delete superseded segments: %w", err)
		}
		p.report.Deleted += len(some)
	}
	p.listing = p.listing.without(keys)
	for _, key := range keys {
		delete(p.facts, key)
		delete(p.report.Unreadable, key)
	}
	return nil
}

// writer returns a writer for the plan's output, which must have at most the given number of rows.
// An output that will probably never be merged again gets the stronger compression.
func (p Plan) writer(out io.Writer, rows int64) *segment.Writer {
	writer := segment.NewInterimWriter(out, segment.InterimGroupRows(rows))
	if p.Last {
		writer = segment.NewWriter(out, segment.GroupRows(rows))
	}
	writer.SetHolds(p.Holds)
	return writer
}

// mergeInto writes the union of the rows from all cursors as one segment, and adds them up.
func mergeInto(ctx context.Context, writer *segment.Writer, sums *summaries, cursors []*segment.Cursor) (segment.Written, error) {
	merge, err := segment.NewMerge(ctx, cursors)
	if err != nil {
		return segment.Written{}, err
	}
	for {
		row, err := merge.Next(ctx)
		if errors.Is(err, io.EOF) {
			return writer.Close()
		}
		if err != nil {
			return segment.Written{}, err
		}
		if err := writer.Add(row); err != nil {
			return segment.Written{}, err
		}
		sums.fold.Add(row)
	}
}
